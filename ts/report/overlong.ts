// What becomes of sequences that are longer than a pack. O(distinct lengths).

import type { Counted } from "./bins.js";
import type { OverlongLosses, ReportedOptions } from "./data.js";

/** What each policy loses where a sequence may have `usable` tokens. */
export function lossesOf({ lengths, counts }: Counted, usable: number): OverlongLosses {
  const losses = { sequences: 0, drop: 0, truncate: 0, pieces: 0 };
  for (const [at, length] of lengths.entries()) {
    if (length <= usable) continue;
    const count = counts[at]!;
    losses.sequences += count;
    losses.drop += length * count;
    losses.truncate += (length - usable) * count;
    losses.pieces += Math.ceil(length / usable) * count;
  }
  return losses;
}

/** Lengths as packs get them: `[length, count]` of whole sequences and pieces, in no order. */
export function* placed(
  { lengths, counts }: Counted,
  usable: number,
  overlong: ReportedOptions["overlong"],
): Generator<[length: number, count: number]> {
  for (const [at, length] of lengths.entries()) {
    const count = counts[at]!;
    if (length === 0) continue;
    if (length <= usable) yield [length, count];
    else if (overlong === "split") {
      yield [usable, Math.floor(length / usable) * count];
      if (length % usable > 0) yield [length % usable, count];
    } else if (overlong !== "drop") yield [usable, count];
  }
}
