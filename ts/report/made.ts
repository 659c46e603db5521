// The packing that a report is of: made, planned before, or read from a folder.

import {
  LengthHistogram,
  type Packing,
  type PackingStats,
  type PackOptions,
  type Plan,
  pack,
  plan,
  StowageError,
  sketchDataset,
  strategies,
} from "stowage";
import { breather } from "./breath.js";
import type { Kept } from "./capacities.js";
import type { PackBin, ReportData, ReportedOptions, ReportedPack } from "./data.js";
import { sourcesOf, withSources } from "./mixture.js";
import { type Checked, PACKING, packingOf, wrong } from "./options.js";
import { byLongest, chosen, counted, type Over, shownPack, type Templates } from "./packs.js";
import type { Opened } from "./source.js";

/** Numbers of ranks whose time is told. */
const RANKS = [2, 4, 8, 16, 32, 64];

/** A packing, however it came about. */
export interface Made {
  readonly options: ReportedOptions;
  readonly stats: PackingStats;
  /** Lengths as they stand in the packs. */
  readonly packed: LengthHistogram;
  readonly over: Over;
  readonly packs: ReportData["packs"];
  readonly plan?: ReportData["plan"];
  readonly balance: ReportData["balance"];
  readonly sources?: ReportData["sources"];
}

export async function makePacking(found: Opened, given: Checked): Promise<Made> {
  if (given.sourceColumn !== undefined && found.kind !== "dataset")
    throw wrong("`sourceColumn` names a column that a packed folder carries; leave it out");
  if (found.kind === "plan") {
    refusePacking(given, "a plan");
    return ofPlan(found.plan, given);
  }
  if (found.kind === "dataset") {
    refusePacking(given, "a packed folder");
    return ofFolder(found.folder, given);
  }
  if (given.capacity === undefined) {
    const message =
      "`capacity`, the tokens that a pack holds, is needed for lengths and histograms";
    throw new StowageError("ERR_CAPACITY", message);
  }
  const options = { ...packingOf(given), ...keptOf(given), capacity: given.capacity };
  const { plans } = infoOf(given.strategy ?? "auto");
  if (plans) {
    const made = await plan(found.histogram, { ...options, ...given.job });
    return withEffort(ofPlan(made, given), given.effort);
  }
  if (found.kind === "histogram") {
    const message = `'${given.strategy}' looks at one sequence after another, and a histogram has forgotten their order; use a strategy that plans`;
    throw new StowageError("ERR_STRATEGY", message);
  }
  const packing = await pack(found.lengths, { ...options, ...given.job });
  const stats = packing.stats();
  return {
    options: reported({ ...options, strategy: packing.strategy }),
    stats,
    ...ofTemplates(await templatesOf(packing, found.lengths, given.job.signal), stats, given),
    balance: [],
  };
}

/** What the packs of a folder say. */
async function ofFolder(folder: string, given: Checked): Promise<Made> {
  const { packs, seed, sourceColumn: column } = given;
  const sketch = await sketchDataset(folder, { packs, seed, column, ...given.job });
  const { report, certificate, lengths, strategy, overlong, empty } = sketch;
  const { planId, format: _, files: __, spilledBytes: ___, warnings: ____, ...stats } = report;
  const { capacity } = stats;
  const bins = (seen: typeof sketch.padding): PackBin[] =>
    seen.map(({ from, count }) => ({ from, to: Math.max(2 * from, 1), packs: count }));
  const shown = ({ runs, multiplicity }: (typeof sketch.top)[number]): ReportedPack =>
    shownPack([multiplicity, runs], capacity);
  const drawn = sketch.sample.map(({ lengths, ids, sources }): ReportedPack => {
    const runs = runsOf([...lengths].sort((a, b) => b - a));
    const pack = shownPack([1, runs], capacity);
    const whole = { ...pack, ...(ids && { ids: ids.slice(0, 64) }) };
    return sources ? withSources(whole, lengths, sources) : whole;
  });
  const { maxSequencesPerPack, sequenceAlignment } = sketch;
  const named = Math.min(packs, sketch.worst.length);
  return {
    options: reported({
      ...{ capacity, strategy, overlong, empty, sequenceAlignment },
      ...(maxSequencesPerPack !== undefined && { maxSequencesPerPack }),
    }),
    stats,
    ...(planId !== undefined && { plan: { id: planId, certificate } }),
    packed: LengthHistogram.fromCounts(lengths.map(({ from, count }) => [from, count])),
    over: {
      padding: bins(sketch.padding),
      perPack: bins(sketch.perPack),
      isolated: sketch.squares,
    },
    packs: {
      of: stats.packCount,
      seed,
      sample: drawn.sort(byLongest),
      worst: sketch.worst.slice(0, named).map(shown),
      top: sketch.top.slice(0, named).map(shown),
    },
    ...(sketch.sources && { sources: sourcesOf(column!, sketch.sources) }),
    balance: [],
  };
}

/** What a plan says. */
function ofPlan(made: Plan, given: Checked): Made {
  const json = made.toJSON();
  const stats = made.stats();
  const { kind, parameter, weights } = json.certificate;
  const balance = RANKS.filter((ranks) => ranks * 2 <= stats.packCount).map((worldSize) => {
    const { shuffled, balanced } = made.balance({ worldSize });
    return { worldSize, shuffled: shuffled.usefulShare, balanced: balanced.usefulShare };
  });
  return {
    options: reported(json),
    stats,
    ...ofTemplates(json.templates, stats, given),
    plan: {
      id: json.id,
      templateCount: made.templateCount,
      certificate: { kind, ...(parameter !== undefined && { parameter }), weights: weights.length },
    },
    balance,
  };
}

/** A plan doesn't say how hard it was searched for. */
function withEffort(made: Made, effort: number | undefined): Made {
  return effort === undefined ? made : { ...made, options: { ...made.options, effort } };
}

function refusePacking(given: Checked, what: string): void {
  const name = PACKING.find((option) => given[option] !== undefined);
  if (name === undefined) return;
  const code = name === "capacity" ? "ERR_CAPACITY" : "ERR_OPTION";
  throw new StowageError(code, `${what} has its own ${name} already; leave \`${name}\` out`);
}

function keptOf(given: Checked): Kept {
  const { maxSequencesPerPack, sequenceAlignment } = given;
  return {
    overlong: given.overlong ?? "split",
    empty: given.empty ?? "drop",
    ...(maxSequencesPerPack !== undefined && { maxSequencesPerPack }),
    ...(sequenceAlignment !== undefined && { sequenceAlignment }),
  };
}

function reported(options: Omit<PackOptions, "strategy"> & { strategy: string }): ReportedOptions {
  const { capacity, strategy, overlong, empty, maxSequencesPerPack, sequenceAlignment, effort } =
    options;
  return {
    capacity,
    strategy: strategy as ReportedOptions["strategy"],
    overlong: overlong ?? "split",
    empty: empty ?? "drop",
    ...(maxSequencesPerPack !== undefined && { maxSequencesPerPack }),
    ...((sequenceAlignment ?? 1) !== 1 && { sequenceAlignment: sequenceAlignment! }),
    ...(effort !== undefined && { effort }),
  };
}

/** The strategy of this name or alias. */
export function infoOf(name: string): { name: string; plans: boolean } {
  const fold = (text: string): string => text.toLowerCase().replace(/[-_ ]/g, "");
  const wanted = fold(String(name));
  const found = strategies().find(({ name, aliases }) =>
    [name, ...aliases].some((each) => fold(each) === wanted),
  );
  // What is unknown is for the library to refuse, in its own words.
  return found ?? { name, plans: true };
}

/** What templates say of the packs. */
function ofTemplates(
  templates: Templates,
  { capacity, packCount }: PackingStats,
  { packs, seed }: Checked,
): Pick<Made, "packed" | "over" | "packs"> {
  const counts = new Map<number, number>();
  for (const [multiplicity, runs] of templates)
    for (const [length, times] of runs)
      counts.set(length, (counts.get(length) ?? 0) + times * multiplicity);
  return {
    packed: LengthHistogram.fromCounts(counts),
    over: counted(templates, capacity),
    packs: chosen(templates, capacity, packCount, packs, seed),
  };
}

/** Packs with the same lengths as one template, in the order of their first. */
async function templatesOf(
  packing: Packing,
  lengths: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<Templates> {
  const breath = breather(signal);
  const { offsets, sequences, pieces } = packing;
  const found = new Map<string, [number, [number, number][]]>();
  for (let k = 0; k < packing.packCount; k++) {
    if (k % 1024 === 0) await breath();
    const own: number[] = [];
    for (let at = offsets[k]!; at < offsets[k + 1]!; at++)
      own.push(pieces ? pieces.lengths[at]! : lengths[sequences[at]!]!);
    own.sort((a, b) => b - a);
    const key = own.join();
    const template = found.get(key);
    if (template !== undefined) template[0] += 1;
    else found.set(key, [1, runsOf(own)]);
  }
  return [...found.values()];
}

function runsOf(lengths: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const length of lengths) {
    const last = runs.at(-1);
    if (last?.[0] === length) last[1] += 1;
    else runs.push([length, 1]);
  }
  return runs;
}
