// A checker of certificates that shares nothing with the engine: integers of any size, and the
// plainest dynamic program there is.

import type { Certificate } from "../../index.js";

/** True if some pack of at most `room` units and `limit` sequences weighs more than it may. */
export function overweight(certificate: Certificate, room: number, limit: number): boolean {
  const { packWeight, weights } = certificate;
  const shortest = Math.min(...weights.map(([length]) => length), room + 1);
  const most = Math.min(limit, Math.floor(room / shortest));
  // heaviest[x]: the most that sequences of together at most x units can weigh, j of them at most.
  let heaviest: bigint[] = new Array(room + 1).fill(0n);
  for (let j = 1; j <= most; j++) {
    const next = heaviest.slice();
    for (const [length, weight] of weights)
      for (let x = length; x <= room; x++) {
        const sum = heaviest[x - length]! + BigInt(weight);
        if (sum > next[x]!) next[x] = sum;
      }
    heaviest = next;
  }
  return heaviest[room]! > BigInt(packWeight);
}

/** The same for packs that hold no more of a length than `counts` has: each copy may be taken once. */
export function overweightCounted(
  { packWeight, weights }: Certificate,
  room: number,
  counts: Map<number, bigint>,
): boolean {
  const heaviest: bigint[] = new Array(room + 1).fill(0n);
  for (const [length, weight] of weights) {
    const copies = Math.min(Number(counts.get(length) ?? 0n), Math.floor(room / length));
    for (let copy = 0; copy < copies; copy++)
      for (let x = room; x >= length; x--) {
        const sum = heaviest[x - length]! + BigInt(weight);
        if (sum > heaviest[x]!) heaviest[x] = sum;
      }
  }
  return heaviest[room]! > BigInt(packWeight);
}

/** `ceil(Σ weight × count / packWeight)`. */
export function bound({ packWeight, weights }: Certificate, counts: Map<number, bigint>): bigint {
  const weightOf = new Map(weights);
  let sum = 0n;
  for (const [length, count] of counts) sum += BigInt(weightOf.get(length) ?? 0) * count;
  return (sum + BigInt(packWeight) - 1n) / BigInt(packWeight);
}
