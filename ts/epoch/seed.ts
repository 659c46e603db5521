// One seed from several numbers.

import { toSeed } from "../base/options.js";

const mask = 2n ** 64n - 1n;
const golden = 0x9e37_79b9_7f4a_7c15n;

/** The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
function mix(value: bigint): bigint {
  let z = value & mask;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & mask;
  return z ^ (z >> 31n);
}

/**
 * One seed from several numbers (epoch, rank, worker …): their order matters, and the result is
 * the same on every platform.
 *
 * @param components integers 0 .. 2^53-1, or bigints below 2^64
 * @returns a bigint below 2^64, for every option called `seed`
 * @throws {StowageError} `ERR_OPTION` for anything else
 *
 * @example
 * seedFrom(3, 2, 1); // => 0x971ea3f456cfafcdn
 * seedFrom(1, 0) === seedFrom(0, 1); // => false
 */
export function seedFrom(...components: (number | bigint)[]): bigint {
  let seed = 0x7374_6f77_6167_6521n;
  for (const [position, component] of components.entries()) {
    seed = mix(seed + golden + mix(toSeed(component, `components[${position}]`)));
  }
  return seed;
}
