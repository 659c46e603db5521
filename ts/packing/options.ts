// The options of a packing: their checks, in the order in which they are documented, and their
// form for native code.

import { StowageError } from "../base/errors.js";
import {
  choiceOption,
  type Given,
  integerOption,
  isInteger,
  keysOf,
  show,
  toSeed,
} from "../base/options.js";
import { loadsOf, type NativeLoads } from "./loads.js";
import { type Strategy, type StrategyInfo, toStrategy } from "./strategies.js";

/** What decides a packing besides the lengths. Same lengths, same options: same bytes. */
export interface PackOptions {
  /** Tokens that a pack holds, 1 .. 2^31-1. */
  capacity: number;
  /** How sequences find their packs: a name of {@link Strategy} or an alias. Default 'auto'. */
  strategy?: Strategy | (string & {}) | undefined;
  /** At most this many sequences in a pack, 1 or more. Default: no limit. */
  maxSequencesPerPack?: number | undefined;
  /** Each sequence takes a multiple of this many tokens of its pack (2 × context-parallel size, FP8 16 …), 1 .. capacity. Default 1. */
  sequenceAlignment?: number | undefined;
  /** The number of packs is made a multiple of this (data-parallel ranks) by splitting the costliest packs, never by adding empty ones. Default 1. */
  packCountMultipleOf?: number | undefined;
  /** Exactly this many packs, at least as many as needed; excess is made by splitting the costliest, or by balancing loads (`objective`). Default: as few as possible. */
  packCount?: number | undefined;
  /** What happens to a sequence longer than capacity: 'error' names it, 'drop' lists it in `dropped`, 'truncate' packs its first tokens, 'truncate-start' its last, 'split' packs it in pieces, 28 bytes of memory each, at most 2^32-1. Default 'error'. */
  overlong?: "error" | "drop" | "truncate" | "split" | "truncate-start" | undefined;
  /** What happens to a sequence of length 0: 'error' names it, 'drop' lists it in `dropped`. Default 'error'. */
  empty?: "error" | "drop" | undefined;
  /** Seed of every shuffled choice, 0 .. 2^53-1 or a bigint below 2^64. Default 0. */
  seed?: number | bigint | undefined;
  /** Decreasing strategies: lengths whose quotients by this are equal are taken in seeded order. Default 1 = exact order. */
  tolerance?: number | undefined;
  /** Classes of 'harmonic', 2 .. 64. Default 10. */
  harmonicClasses?: number | undefined;
  /** Work that 'auto' and 'optimal' may spend, in counted units (never time). Default 1; 0 = no search, 10 = ten times the default. */
  effort?: number | undefined;
  /** What is to be as small as possible: 'packs', or 'maxLoad': the largest load of a pack, at `packCount` packs or, without it, as few as the capacity needs. Default 'packs'. */
  objective?: "packs" | "maxLoad" | undefined;
  /** The load of a sequence for 'maxLoad': linear × length + quadratic × length², integers 0 .. 2^31-1. Default { linear: 1, quadratic: 0 }, tokens. */
  cost?: { linear: number; quadratic: number } | undefined;
  /** 'maxLoad': every pack holds equally many sequences. Default false. */
  equalCounts?: boolean | undefined;
}

/** Equal loads without a capacity: exactly `packCount` packs, the largest load as small as possible. The capacity of the result is the tokens of its fullest pack. */
export interface MaxLoadOptions extends Omit<PackOptions, "capacity" | "objective" | "packCount"> {
  /** The largest load of a pack. */
  objective: "maxLoad";
  /** Exactly this many packs, 1 to the number of sequences. */
  packCount: number;
  /** None. */
  capacity?: undefined;
}

/** Names of the options, in the order of their checks. */
export const packKeys: readonly string[] = keysOf<PackOptions>({
  capacity: true,
  strategy: true,
  maxSequencesPerPack: true,
  sequenceAlignment: true,
  packCountMultipleOf: true,
  packCount: true,
  overlong: true,
  empty: true,
  seed: true,
  tolerance: true,
  harmonicClasses: true,
  effort: true,
  objective: true,
  cost: true,
  equalCounts: true,
});

const overlongPolicies = ["error", "drop", "truncate", "split", "truncate-start"] as const;
const emptyPolicies = ["error", "drop"] as const;

/** What results keep of the options. */
export interface Kept {
  readonly capacity: number;
  readonly strategy: Strategy;
  readonly sequenceAlignment: number;
  readonly maxSequencesPerPack: number | undefined;
}

/** Checked options: also the strategy's entry, and the form for native code. */
export interface Checked extends Kept {
  readonly info: StrategyInfo;
  readonly native: {
    capacity: number;
    strategy: number;
    maxSequencesPerPack: number | null;
    sequenceAlignment: number;
    packCountMultipleOf: number;
    packCount: number | null;
    overlong: number;
    empty: number;
    seedHigh: number;
    seedLow: number;
    tolerance: number;
    harmonicClasses: number;
    effort: number;
    loads: NativeLoads | null;
  };
}

/**
 * `given` as the options of a packing; unknown keys have been refused. `costElsewhere`: `cost` has
 * another use beside that for loads.
 */
export function checkPackOptions(given: Given, costElsewhere = false): Checked {
  const free = given.capacity === undefined && given.objective === "maxLoad";
  const capacity = free ? 0x7fff_ffff : toCapacity(given.capacity);
  const { info, index } = toStrategy(given.strategy === undefined ? "auto" : given.strategy);
  const maxSequencesPerPack = integerOption(
    given,
    "maxSequencesPerPack",
    1,
    Number.MAX_SAFE_INTEGER,
  );
  const sequenceAlignment = toAlignment(given, capacity);
  const packCountMultipleOf = integerOption(given, "packCountMultipleOf", 1, 0xffff_ffff) ?? 1;
  const packCount = integerOption(given, "packCount", 0, 0xffff_ffff);
  if (packCount !== undefined && packCount % packCountMultipleOf !== 0) {
    const message = `\`packCount\` ${packCount} is no multiple of \`packCountMultipleOf\` ${packCountMultipleOf}; leave one of them out`;
    throw new StowageError("ERR_OPTION", message);
  }
  const overlong = choiceOption(given, "overlong", overlongPolicies) ?? "error";
  const empty = choiceOption(given, "empty", emptyPolicies) ?? "error";
  const seed = given.seed === undefined ? 0n : toSeed(given.seed);
  const tolerance = integerOption(given, "tolerance", 1, 0xffff_ffff) ?? 1;
  if (tolerance > 1 && !info.name.endsWith("-decreasing")) {
    const message = `\`tolerance\` ${tolerance} works with the four decreasing strategies only, not with '${info.name}'`;
    throw new StowageError("ERR_OPTION", message);
  }
  refuseFixedCount(packCountMultipleOf, packCount, tolerance, info);
  const harmonicClasses = integerOption(given, "harmonicClasses", 2, 64) ?? 10;
  const effort = toEffort(given.effort);
  const loads = loadsOf(given, info.name, costElsewhere);
  const native: Checked["native"] = {
    capacity,
    strategy: index,
    // A limit that no pack can reach is none.
    maxSequencesPerPack:
      maxSequencesPerPack !== undefined && maxSequencesPerPack <= 0xffff_fffe
        ? maxSequencesPerPack
        : null,
    sequenceAlignment,
    packCountMultipleOf,
    packCount: packCount ?? null,
    overlong: overlongPolicies.indexOf(overlong),
    empty: emptyPolicies.indexOf(empty),
    seedHigh: seed === 0n ? 0 : Number(seed >> 32n),
    seedLow: seed === 0n ? 0 : Number(seed & 0xffff_ffffn),
    tolerance,
    harmonicClasses,
    effort,
    loads: loads ?? null,
  };
  return { capacity, strategy: info.name, info, sequenceAlignment, maxSequencesPerPack, native };
}

/** `value` if it can be a capacity. */
export function toCapacity(value: unknown): number {
  if (isInteger(value, 1, 0x7fff_ffff)) return value;
  const message = `\`capacity\` must be an integer 1 .. 2147483647 (tokens that a pack holds), got ${show(value)}`;
  throw new StowageError("ERR_CAPACITY", message);
}

/** The alignment, 1 .. capacity. */
export function toAlignment(given: Given, capacity: number): number {
  return integerOption(given, "sequenceAlignment", 1, capacity) ?? 1;
}

function toEffort(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  const message = `\`effort\` must be a finite number >= 0, got ${show(value)}`;
  throw new StowageError("ERR_OPTION", message);
}

/** Packs are split by template, so a fixed number of them needs a plan. */
function refuseFixedCount(
  multiple: number,
  count: number | undefined,
  tolerance: number,
  info: StrategyInfo,
): void {
  if (multiple === 1 && count === undefined) return;
  const name = count === undefined ? "packCountMultipleOf" : "packCount";
  if (!info.plans) {
    const message = `\`${name}\` needs a strategy that plans, such as 'best-fit-decreasing', not '${info.name}'`;
    throw new StowageError("ERR_OPTION", message);
  }
  if (tolerance > 1) {
    const message = `\`${name}\` needs \`tolerance\` 1, got ${tolerance}`;
    throw new StowageError("ERR_OPTION", message);
  }
}
