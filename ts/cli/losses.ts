// What the policies for overlong sequences lose, counted from a histogram alone.

import type { LengthHistogram } from "../index.js";

export interface Losses {
  /** Tokens that a sequence may have: the capacity, rounded down to the alignment. */
  readonly usable: number;
  /** Sequences longer than that. */
  readonly sequences: number;
  /** Tokens lost by leaving them out. */
  readonly drop: number;
  /** Tokens lost by cutting their ends off, or their beginnings. */
  readonly truncate: number;
  /** Pieces they make when split; nothing is lost. */
  readonly pieces: number;
}

export function overlongLosses(
  histogram: LengthHistogram,
  capacity: number,
  alignment: number,
): Losses {
  const usable = Math.floor(capacity / alignment) * alignment;
  let sequences = 0;
  let drop = 0;
  let truncate = 0;
  let pieces = 0;
  for (const [length, count] of histogram) {
    if (length <= usable) continue;
    sequences += count;
    drop += length * count;
    truncate += (length - usable) * count;
    pieces += Math.ceil(length / usable) * count;
  }
  return { usable, sequences, drop, truncate, pieces };
}
