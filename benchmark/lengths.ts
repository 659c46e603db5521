// The lengths that everything is measured on: log-normal, median 245 tokens, sigma 1, cut at the
// capacity. Real corpora of documents look like this; the seed makes every run use the same ones.

import { writeFileSync } from "node:fs";

export const CAPACITY = 2048;
const MEDIAN = 245;
const SIGMA = 1;
/** Larger inputs repeat a block of this size: drawing 10^8 values would take longer than packing. */
const BLOCK = 10_000_000;

/** `n` lengths from 1 to the capacity. */
export function lengths(n: number, capacity: number = CAPACITY): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(n);
  const uniform = generator();
  for (let i = 0; i < Math.min(n, BLOCK); i++) {
    // Box and Muller 1958: two uniform numbers make a normal one.
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    result[i] = Math.min(capacity, Math.max(1, Math.floor(MEDIAN * Math.exp(SIGMA * normal))));
  }
  for (let at = BLOCK; at < n; at += BLOCK) {
    result.copyWithin(at, 0, Math.min(BLOCK, n - at));
  }
  return result;
}

/** Writes `n` lengths as little-endian uint32, which every contender reads. */
export function writeLengths(path: string, n: number): void {
  const values = lengths(n);
  writeFileSync(path, Buffer.from(values.buffer));
}

/** Uniform numbers in [0, 1): mulberry32, 2^32 of them before it repeats. */
export function generator(seed = 1): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
