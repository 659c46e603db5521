// What a packing is made of, whoever makes it: native code, an epoch, or a caller's parts.

import type { U32 } from "../base/memory.js";
import type { PackingStats } from "./stats.js";
import type { Strategy } from "./strategies.js";

/** What native code and other modules know of a packing when they make one. */
export interface Made {
  readonly capacity: number;
  readonly strategy: Strategy;
  readonly sequenceAlignment: number;
  readonly maxSequencesPerPack: number | undefined;
  /** Sequences given, dropped ones included. */
  readonly sequenceCount: number;
  readonly offsets: U32;
  readonly sequences: U32;
  readonly pieces: { readonly starts: U32; readonly lengths: U32 } | undefined;
  readonly dropped: U32;
  readonly lowerBound: number;
  /** The loads of packs; undefined unless they were the objective. */
  readonly loads?:
    | { readonly maxLoad: number; readonly minLoad: number; readonly loadBound: number }
    | undefined;
  /** Tokens packed; undefined where nobody knows. */
  readonly tokenCount: number | undefined;
  /** The figures, made when asked for; undefined where they need the lengths. */
  readonly figures: (() => PackingStats) | undefined;
}
