// Tokens that a sequence may have.

import type { ReportedOptions } from "./data.js";

/** The capacity, rounded down to the alignment. */
export function usable({
  capacity,
  sequenceAlignment = 1,
}: Pick<ReportedOptions, "capacity" | "sequenceAlignment">): number {
  return Math.floor(capacity / sequenceAlignment) * sequenceAlignment;
}
