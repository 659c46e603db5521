// The packs of a plan: which of them are shown, and what is counted over all. O(templates).

import { packBins } from "./bins.js";
import type { PackBin, ReportData, ReportedPack } from "./data.js";
import { drawn } from "./draw.js";

/** `[multiplicity, [[length, times], …]]`, lengths falling, as in the JSON of a plan. */
export type Templates = readonly (readonly [
  multiplicity: number,
  runs: readonly (readonly [length: number, times: number])[],
])[];

/** At most this many packs are named beside the sample. */
const NAMED = 12;
/** A pack is listed with so many runs of lengths; a page of 64 packs stays small. */
const RUNS = 96;

/** What is counted over all packs. */
export interface Over {
  readonly padding: PackBin[];
  readonly perPack: PackBin[];
  /** Squared lengths. */
  readonly isolated: number;
}

/** What is counted over the packs of templates. */
export function counted(templates: Templates, capacity: number): Over {
  const padding: [number, number][] = [];
  const perPack: [number, number][] = [];
  let isolated = 0;
  for (const [multiplicity, runs] of templates) {
    let [tokens, sequences, squares] = [0, 0, 0];
    for (const [length, times] of runs) {
      tokens += length * times;
      sequences += times;
      squares += length * length * times;
    }
    padding.push([capacity - tokens, multiplicity]);
    perPack.push([sequences, multiplicity]);
    isolated += squares * multiplicity;
  }
  return { padding: packBins(padding), perPack: packBins(perPack), isolated };
}

/** A sample of `wanted` packs drawn with `seed`, the emptiest and the most repeated. */
export function chosen(
  templates: Templates,
  capacity: number,
  of: number,
  wanted: number,
  seed: number,
): ReportData["packs"] {
  const shown = (at: number): ReportedPack => shownPack(templates[at]!, capacity);
  const named = Math.min(wanted, NAMED);
  const by = (value: (at: number) => number): ReportedPack[] =>
    [...templates.keys()]
      .sort((a, b) => value(b) - value(a) || a - b)
      .slice(0, named)
      .map(shown);
  const room = templates.map(
    ([, runs]) => capacity - sum(runs, ([length, times]) => length * times),
  );
  const sample = templatesAt(templates, drawn(seed, of, wanted)).map(shown);
  return {
    of,
    seed,
    sample: sample.sort(byLongest),
    worst: by((at) => room[at]!),
    top: by((at) => templates[at]![0]),
  };
}

/** The templates of packs with these numbers, which rise. */
function templatesAt(templates: Templates, numbers: readonly number[]): number[] {
  const found: number[] = [];
  let end = 0;
  let next = 0;
  for (const [at, [multiplicity]] of templates.entries()) {
    end += multiplicity;
    while (next < numbers.length && numbers[next]! < end) {
      found.push(at);
      next += 1;
    }
  }
  return found;
}

/** A pack as it is shown. */
export function shownPack([multiplicity, runs]: Templates[number], capacity: number): ReportedPack {
  const tokens = ([length, times]: readonly [number, number]): number => length * times;
  const behind = runs.slice(RUNS);
  return {
    runs: runs.slice(0, RUNS).map(([length, times]) => [length, times]),
    ...(behind.length > 0 && {
      rest: { sequences: sum(behind, ([, times]) => times), tokens: sum(behind, tokens) },
    }),
    multiplicity,
    padding: capacity - sum(runs, tokens),
  };
}

/** The order of the sample: the longest sequence first, then the fewest sequences. */
export function byLongest(a: ReportedPack, b: ReportedPack): number {
  const longest = (pack: ReportedPack): number => pack.runs[0]?.[0] ?? 0;
  return longest(b) - longest(a) || size(a) - size(b);
}

/** Sequences of a pack. */
export function size({ runs, rest }: ReportedPack): number {
  return sum(runs, ([, times]) => times) + (rest?.sequences ?? 0);
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
