// Lengths for tests: from a seed, so that every failure can be repeated.

/** A generator of unsigned 32-bit integers (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** `count` log-normal lengths (sigma 1), 1 .. capacity: what real text looks like. */
export function logNormal(count: number, median: number, capacity: number, seed = 1): Uint32Array {
  const next = random(seed);
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const radius = Math.sqrt(-2 * Math.log((next() + 1) / 2 ** 32));
    const normal = radius * Math.cos((2 * Math.PI * next()) / 2 ** 32);
    lengths[i] = Math.min(capacity, Math.max(1, Math.round(median * Math.exp(normal))));
  }
  return lengths;
}

/** True if both arrays hold the same bytes; a deep comparison of millions takes seconds. */
export function sameBytes(a: Uint32Array, b: Uint32Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );
}
