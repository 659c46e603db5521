// Strategy names. The table is the engine's, so that names, aliases and promises have one source.

import { StowageError } from "../base/errors.js";
import { native } from "../base/native.js";
import { keysOf, show } from "../base/options.js";
import { suggest } from "../base/suggest.js";

/** Strategy names; every alias in {@link strategies} is accepted too, in any case, with or without `-` and `_`. */
export type Strategy =
  | "auto"
  | "optimal"
  | "next-fit"
  | "first-fit"
  | "best-fit"
  | "worst-fit"
  | "harmonic"
  | "first-fit-shuffle"
  | "first-fit-decreasing"
  | "best-fit-decreasing"
  | "worst-fit-decreasing"
  | "modified-first-fit-decreasing";

/** One strategy, for menus and help texts. */
export interface StrategyInfo {
  /** The full name. */
  name: Strategy;
  /** Other accepted names, those of seqpacker and LightBinPack among them. */
  aliases: readonly string[];
  /** What it does, in one line. */
  summary: string;
  /** Its cost for n sequences, D distinct lengths and P packs. */
  cost: string;
  /** What is known about its results. */
  guarantee: string;
  /** True if `plan` accepts it: it works on the histogram. */
  plans: boolean;
  /** True if `StreamPacker` accepts it. */
  streams: boolean;
  /** True if the seed matters. */
  seeded: boolean;
}

let table: readonly StrategyInfo[] | undefined;
const indices = new Map<string, number>();

/**
 * Every strategy with its aliases, one-line summary, cost and guarantee, for menus and help texts.
 *
 * @example
 * strategies().map(({ name }) => name).includes("best-fit-decreasing"); // => true
 * strategies().find(({ aliases }) => aliases.includes("nf")).name; // => "next-fit"
 */
export function strategies(): readonly StrategyInfo[] {
  if (table === undefined) {
    const made = native.strategies().map((entry) => {
      const aliases = Object.freeze(entry.aliases);
      return Object.freeze({ ...entry, aliases }) as StrategyInfo;
    });
    for (const [index, { name, aliases }] of made.entries())
      for (const each of [name, ...aliases]) indices.set(fold(each), index).set(each, index);
    table = Object.freeze(made);
  }
  return table;
}

/** The strategy of that name, and its place in the engine's table. */
export function toStrategy(value: unknown): { info: StrategyInfo; index: number } {
  const all = strategies();
  const index =
    typeof value === "string" ? (indices.get(value) ?? indices.get(fold(value))) : undefined;
  if (index !== undefined) return { info: all[index]!, index };
  const hint = typeof value === "string" ? nearest(value) : "";
  const message = `unknown strategy ${show(value)};${hint} strategies are ${order.join(", ")}`;
  throw new StowageError("ERR_STRATEGY", message);
}

/** What a misspelt name may have meant. Aliases are so short that more than one slip makes them anything. */
function nearest(value: string): string {
  const aliases = new Map(
    strategies().flatMap((info) => info.aliases.map((alias) => [alias, info.name] as const)),
  );
  const alias = suggest(value, [...aliases.keys()], 1);
  const meant = alias ?? suggest(value, order);
  if (meant === undefined) return "";
  return ` did you mean '${meant}'${alias === undefined ? "" : ` (${aliases.get(alias)})`}?`;
}

/** Names as `api` documents them: among equally near ones a suggestion takes the first. */
const order = keysOf<Record<Strategy, true>>({
  auto: true,
  optimal: true,
  "next-fit": true,
  "first-fit": true,
  "best-fit": true,
  "worst-fit": true,
  harmonic: true,
  "first-fit-shuffle": true,
  "first-fit-decreasing": true,
  "best-fit-decreasing": true,
  "worst-fit-decreasing": true,
  "modified-first-fit-decreasing": true,
});

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}
