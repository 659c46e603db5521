// What packs are mixed of: the sources with the most tokens by name, all others as one.

import type { SketchedSource } from "stowage";
import type { PackedSource, ReportedPack, ReportedSources } from "./data.js";

/** As many sources have a colour of their own; of more, the last stands for the rest. */
const MOST = 8;

/** The sources of a data set as a report names them. */
export function sourcesOf(column: string, all: readonly SketchedSource[]): ReportedSources {
  const others = all.length > MOST ? all.slice(MOST - 1) : [];
  const named = others.length > 0 ? all.slice(0, MOST - 1) : all;
  const sum = (key: "sequences" | "tokens"): number[] =>
    others.length > 0 ? [others.reduce((total, source) => total + source[key], 0)] : [];
  const rest = others.length > 0 ? [null] : [];
  return {
    column,
    names: [...named.map(({ name }) => name), ...rest.map(() => "other")],
    ...(others.length > 0 && { others: others.length }),
    sequences: [...named.map(({ sequences }) => sequences), ...sum("sequences")],
    tokens: [...named.map(({ tokens }) => tokens), ...sum("tokens")],
    packs: [...named.map(({ packs }) => packs), ...rest],
    perPack: [...named.map(({ perPack }) => perPack), ...rest],
  };
}

/**
 * The same pack with the sources of its sequences, whose lengths and places in the list of all sources are
 * in the order of the pack.
 */
export function withSources(
  pack: ReportedPack,
  lengths: readonly number[],
  places: readonly number[],
): ReportedPack {
  const byLength = new Map<number, Map<number, number>>();
  for (const [at, length] of lengths.entries()) {
    const own = byLength.get(length) ?? new Map<number, number>();
    const source = Math.min(places[at]!, MOST - 1);
    own.set(source, (own.get(source) ?? 0) + 1);
    byLength.set(length, own);
  }
  const sources = pack.runs.map(([length]) => added([...byLength.get(length)!].map(times(length))));
  if (pack.rest === undefined) return { ...pack, sources };
  const shown = new Set(pack.runs.map(([length]) => length));
  const behind = [...byLength].filter(([length]) => !shown.has(length));
  const rest = behind.flatMap(([length, own]) => [...own].map(times(length)));
  return { ...pack, sources, rest: { ...pack.rest, sources: added(rest) } };
}

const times =
  (length: number) =>
  ([source, sequences]: [number, number]): PackedSource => [source, sequences, length * sequences];

/** One entry per source, in their order. */
export function added(entries: readonly PackedSource[]): PackedSource[] {
  const sums = new Map<number, PackedSource>();
  for (const [source, sequences, tokens] of entries) {
    const own = sums.get(source) ?? [source, 0, 0];
    sums.set(source, [source, own[1] + sequences, own[2] + tokens]);
  }
  return [...sums.values()].sort(([a], [b]) => a - b);
}
