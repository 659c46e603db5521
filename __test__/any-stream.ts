// Options and lengths of streams, drawn for the properties of StreamPacker and packStream.

import fc from "fast-check";
import type { StreamOptions } from "../index.js";

export const anyOptions: fc.Arbitrary<StreamOptions> = fc.record(
  {
    capacity: fc.integer({ min: 1, max: 60 }),
    strategy: fc.constantFrom("best-fit", "next-fit", "harmonic"),
    maxOpenPacks: fc.integer({ min: 1, max: 8 }),
    lookahead: fc.integer({ min: 0, max: 12 }),
    maxSequencesPerPack: fc.integer({ min: 1, max: 6 }),
    harmonicClasses: fc.integer({ min: 2, max: 12 }),
    overlong: fc.constantFrom("drop", "truncate", "split"),
    empty: fc.constant("drop"),
  },
  { requiredKeys: ["capacity", "overlong", "empty"] },
);
export const anyLengths = fc.array(fc.integer({ min: 0, max: 130 }), { maxLength: 80 });
