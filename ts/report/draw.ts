// A seeded draw without repetition: the same numbers on every platform.

/** `wanted` of the numbers 0 .. `total - 1`, all if there are fewer, rising (Floyd; Bentley 1987). */
export function drawn(seed: number, total: number, wanted: number): number[] {
  const next = generator(seed);
  const found = new Set<number>();
  for (let top = Math.max(0, total - wanted); top < total; top++) {
    const number = Math.floor(next() * (top + 1));
    found.add(found.has(number) ? top : number);
  }
  return [...found].sort((a, b) => a - b);
}

/** Numbers from 0 to below 1 with 53 bits (Mulberry32, two steps each). */
function generator(seed: number): () => number {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
}
