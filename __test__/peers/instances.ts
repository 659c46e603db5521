// Random instances of every shape that strategies treat differently; the same for the same seed.

export interface Instance {
  readonly kind: string;
  readonly capacity: number;
  readonly lengths: readonly number[];
}

/** A number in [0, 1). */
type Uniform = () => number;

const CAPACITIES = [1, 2, 7, 60, 100, 128, 512, 1000, 2048, 4096, 8192];

const KINDS: Record<string, (capacity: number, uniform: Uniform) => number> = {
  uniform: (capacity, uniform) => 1 + Math.floor(uniform() * capacity),
  "log-normal": (capacity, uniform) => capacity * 0.12 * Math.exp(normal(uniform)),
  long: (capacity, uniform) => capacity * (0.5 + 0.5 * uniform()),
  thirds: (capacity, uniform) => capacity * (0.26 + 0.16 * uniform()),
  short: (capacity, uniform) => 1 + uniform() * capacity * 0.05,
  "two lengths": (capacity, uniform) => capacity * (uniform() < 0.5 ? 0.54 : 0.44),
  "all equal": (capacity) => capacity / 3,
  full: (capacity, uniform) => (uniform() < 0.3 ? capacity : uniform() * capacity),
  skewed: (capacity, uniform) => capacity * uniform() ** 4,
};

/** `count` instances of 1 to 5,000 sequences. */
export function instances(count: number, seed: number): Instance[] {
  const uniform = mulberry32(seed);
  const kinds = Object.entries(KINDS);
  return Array.from({ length: count }, (_, index) => {
    const [kind, draw] = kinds[index % kinds.length] ?? kinds[0]!;
    const capacity = CAPACITIES[Math.floor(uniform() * CAPACITIES.length)] ?? 1;
    const size = Math.ceil(5000 ** uniform());
    const lengths = Array.from({ length: size }, () =>
      Math.min(capacity, Math.max(1, Math.floor(draw(capacity, uniform)))),
    );
    return { kind, capacity, lengths };
  });
}

/** Box and Muller 1958. */
function normal(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

function mulberry32(seed: number): Uniform {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
