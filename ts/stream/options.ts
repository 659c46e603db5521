// The options of a stream, their checks, and their form for native code.

import { StowageError } from "../base/errors.js";
import { choiceOption, type Given, integerOption, keysOf, show } from "../base/options.js";
import { type PackOptions, toCapacity } from "../packing/options.js";
import { strategies, toStrategy } from "../packing/strategies.js";

/** What decides the packs of a stream besides its sequences. */
export interface StreamOptions {
  /** Tokens that a pack holds, 1 .. 2^31-1. */
  capacity: number;
  /** 'best-fit' (default) looks ahead; 'next-fit' and 'harmonic' hold the least. */
  strategy?: "best-fit" | "next-fit" | "harmonic" | undefined;
  /** Packs kept open at most, 1 or more; 'best-fit' only. Default 1024. Memory never grows past it. */
  maxOpenPacks?: number | undefined;
  /** Sequences held back so that long ones are placed before short ones; 0 = place at once; 'best-fit' only. Default 4096. */
  lookahead?: number | undefined;
  /** At most this many sequences in a pack, 1 or more. Default: no limit. */
  maxSequencesPerPack?: number | undefined;
  /** Classes of 'harmonic', 2 .. 64. Default 10. */
  harmonicClasses?: number | undefined;
  /** What happens to a sequence longer than capacity, as in {@link PackOptions}; 'split' makes at most 2^20 pieces in one call. Default 'error'. */
  overlong?: PackOptions["overlong"];
  /** What happens to a sequence of length 0: 'error' or 'drop'. Default 'error'. */
  empty?: PackOptions["empty"];
}

/** Names of the options, in the order of their checks. */
export const streamKeys: readonly string[] = keysOf<StreamOptions>({
  capacity: true,
  strategy: true,
  maxOpenPacks: true,
  lookahead: true,
  maxSequencesPerPack: true,
  harmonicClasses: true,
  overlong: true,
  empty: true,
});

/** Checked options, for native code. */
export interface NativeStreamOptions {
  capacity: number;
  strategy: number;
  maxOpenPacks: number;
  lookahead: number;
  maxSequencesPerPack: number | null;
  harmonicClasses: number;
  overlong: number;
  empty: number;
}

const streaming = ["best-fit", "next-fit", "harmonic"];
const overlongPolicies = ["error", "drop", "truncate", "split", "truncate-start"] as const;
const emptyPolicies = ["error", "drop"] as const;

/** `given` as the options of a stream; unknown keys have been refused. */
export function checkStreamOptions(given: Given): NativeStreamOptions {
  const capacity = toCapacity(given.capacity);
  const strategy = toStreaming(given.strategy ?? "best-fit");
  const maxOpenPacks = integerOption(given, "maxOpenPacks", 1, 0xffff_ffff) ?? 1024;
  const lookahead = integerOption(given, "lookahead", 0, 0xffff_ffff) ?? 4096;
  const limit = integerOption(given, "maxSequencesPerPack", 1, Number.MAX_SAFE_INTEGER);
  const harmonicClasses = integerOption(given, "harmonicClasses", 2, 64) ?? 10;
  const overlong = overlongPolicies.indexOf(
    choiceOption(given, "overlong", overlongPolicies) ?? "error",
  );
  const empty = emptyPolicies.indexOf(choiceOption(given, "empty", emptyPolicies) ?? "error");
  // A limit that no pack can reach is none.
  const maxSequencesPerPack = limit !== undefined && limit <= 0xffff_fffe ? limit : null;
  const sizes = { capacity, maxOpenPacks, lookahead, maxSequencesPerPack, harmonicClasses };
  return { ...sizes, strategy, overlong, empty };
}

/** The place in the list of native code. */
function toStreaming(name: unknown): number {
  const { info } = toStrategy(name);
  const place = streaming.indexOf(info.name);
  if (place >= 0) return place;
  const names = strategies().flatMap((each) => (each.streams ? [`'${each.name}'`] : []));
  const message = `${show(info.name)} needs all sequences at once and can't stream; use one of ${names.join(", ")}`;
  throw new StowageError("ERR_STRATEGY", message);
}
