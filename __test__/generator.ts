// The generators of the big conformance cases, in 64-bit integers as their description says.

/** How lengths are made; see data/README.md. */
export type Generator = { seed: number } & (
  | { kind: "uniform"; low: number; high: number }
  | { kind: "product"; high: number }
  | { kind: "choice"; values: number[] }
  | { kind: "mixture"; share: number; first: [number, number]; second: [number, number] }
);

const mask = 2n ** 64n - 1n;

function mix(value: bigint): bigint {
  let z = value & mask;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return z ^ (z >> 31n);
}

/** `count` lengths, none above `capacity`. */
export function generated(generator: Generator, count: number, capacity: number): Uint32Array {
  const lengths = new Uint32Array(count);
  for (let j = 0; j < count; j++) {
    const x = mix(BigInt(generator.seed) + BigInt(j + 1) * 0x9e3779b97f4a7c15n);
    lengths[j] = Math.min(capacity, Number(value(generator, x)));
  }
  return lengths;
}

function value(generator: Generator, x: bigint): bigint {
  const h = x >> 32n;
  const between = (low: number, high: number): bigint =>
    BigInt(low) + ((h * BigInt(high - low + 1)) >> 32n);
  switch (generator.kind) {
    case "uniform":
      return between(generator.low, generator.high);
    case "product": {
      const [a, b, c] = [x >> 43n, (x >> 22n) & 2097151n, (x >> 1n) & 2097151n];
      return 1n + ((((((a * b) >> 21n) * c) >> 21n) * BigInt(generator.high)) >> 21n);
    }
    case "choice":
      return BigInt(generator.values[Number((h * BigInt(generator.values.length)) >> 32n)] ?? 0);
    case "mixture":
      return (x & 1023n) < BigInt(generator.share)
        ? between(...generator.first)
        : between(...generator.second);
  }
}
