// From a source to the figures of its report, by the public surface alone.

import {
  type JobOptions,
  type LengthHistogram,
  pack,
  plan,
  StowageError,
  strategies,
  version,
} from "stowage";
import { type Counted, lengthBins, perDoublingOf, quantilesOf } from "./bins.js";
import { breather } from "./breath.js";
import { candidates, IN_ORDER, trial } from "./capacities.js";
import type { CapacityTrial, ReportData, StrategyTrial } from "./data.js";
import { infoOf, type Made, makePacking } from "./made.js";
import { type Checked, checked, type ReportOptions, wrong } from "./options.js";
import { lossesOf, placed } from "./overlong.js";
import { type Opened, opened, type Reportable } from "./source.js";
import { usable } from "./usable.js";

/**
 * The figures of a report: of lengths, a histogram, a plan, or the files that hold them.
 *
 * @param source paths as for `readLengths`, of a histogram (.txt, .json), a plan.json or a folder that
 * stowage packed; or lengths, a histogram or a plan
 * @param options see {@link ReportOptions}; `capacity` is needed for lengths and histograms, and refused
 * with a plan or a packed folder, which have one. Without `overlong` and `empty`: 'split' and 'drop'
 * @throws {StowageError} rejects with `ERR_CAPACITY`, `ERR_OPTION`, `ERR_STRATEGY`, `ERR_OVERLONG`; `ERR_IO`,
 * `ERR_FORMAT` and `ERR_COLUMN` of files; `ERR_HISTOGRAM_MISMATCH` if `input` isn't what a plan was made
 * of; or with `signal.reason`
 *
 * @example
 * const data = await reportData([5, 3, 5, 7], { capacity: 10 });
 * [data.stats.packCount, data.packs.sample[0].runs]; // => [2, [[7, 1], [3, 1]]]
 */
export async function reportData(
  source: Reportable,
  options: ReportOptions & JobOptions,
): Promise<ReportData> {
  const given = checked(options);
  return reportOf(await opened(source, given), given);
}

/** Trials of capacities that are known already, for reports of one source after another. */
export type Trials = Map<string, CapacityTrial>;

/** The figures of what was opened. */
export async function reportOf(
  found: Opened,
  given: Checked,
  known: Trials = new Map(),
): Promise<ReportData> {
  const told = await toldSource(found, given);
  const made = await makePacking(found, given);
  const limit = usable(made.options);
  const own = told?.histogram ?? made.packed;
  const columns = toCounted(own);
  if (told !== undefined && found.kind !== "lengths" && found.kind !== "histogram")
    refuseOther(columns, made, limit);
  const { stats } = made;
  const { capacity } = made.options;
  const { padding, perPack, isolated } = made.over;
  const { time, ...timeless } = stats;
  const places = capacity * capacity;
  const asPacked = told === undefined;
  const { other: _, ...other } = given.compare ?? {};
  return {
    version: 1,
    generator: `stowage ${version.package}`,
    ...(given.title !== undefined && { title: given.title }),
    source: {
      label: given.label ?? found.label,
      kind: found.kind,
      sequenceCount: asPacked ? stats.sequenceCount : own.sequenceCount,
      tokenCount: asPacked ? stats.tokensIn : own.tokenCount,
      maxLength: own.maxLength,
      distinctLengths: own.distinctLengths,
      emptyCount: own.count(0),
      quantiles: quantilesOf(columns, own.sequenceCount),
    },
    options: made.options,
    stats: given.times ? stats : timeless,
    ...(made.plan && { plan: made.plan }),
    perDoubling: perDoublingOf(columns),
    lengths: lengthBins(columns, limit, perDoublingOf(columns)),
    ...(asPacked ? { asPacked } : { overlong: lossesOf(columns, limit) }),
    capacities: told ? await tradeOff(told, columns, made, given, known) : [],
    strategies: told ? await compared(told, made, given) : [],
    padding,
    perPack,
    attention: {
      single: stats.sequencesPerPack.mean * stats.packCount * places,
      packed: stats.packCount * places,
      isolated,
    },
    worldSize: given.worldSize,
    balance: made.balance,
    packs: made.packs,
    ...(made.sources && { sources: made.sources }),
    ...(given.compare && { other: other as ReportData }),
  };
}

/** The lengths and their order, where they are known. */
interface Told {
  readonly histogram: LengthHistogram;
  readonly lengths: Uint32Array | undefined;
}

/** The source's own lengths; undefined for a plan or a data set without `input`. */
async function toldSource(found: Opened, given: Checked): Promise<Told | undefined> {
  const has = found.kind === "lengths" || found.kind === "histogram";
  if (has && given.input !== undefined)
    throw wrong("`input` names the source of a plan or a packed folder; leave it out");
  if (!has && given.input === undefined) return undefined;
  const told = has ? found : await opened(given.input as Reportable, given);
  if (told.kind === "lengths") return { histogram: told.histogram, lengths: told.lengths };
  if (told.kind === "histogram") return { histogram: told.histogram, lengths: undefined };
  throw wrong("`input` must be lengths or a histogram, not another packing");
}

async function tradeOff(
  { histogram, lengths }: Told,
  columns: Counted,
  made: Made,
  given: Checked,
  known: Trials,
): Promise<ReportData["capacities"]> {
  const { capacity } = made.options;
  const asked = given.capacities;
  if (asked?.length === 0 || histogram.tokenCount === 0) return [];
  const all = asked ?? candidates(columns, histogram.tokenCount, capacity);
  const steps = [...new Set([...all, capacity])].sort((a, b) => a - b);
  const { overlong, empty, maxSequencesPerPack, sequenceAlignment } = made.options;
  const kept = {
    ...{ overlong, empty },
    ...(maxSequencesPerPack !== undefined && { maxSequencesPerPack }),
    ...(sequenceAlignment !== undefined && { sequenceAlignment }),
  };
  const order = lengths && lengths.length <= IN_ORDER ? lengths : undefined;
  const { worldSize, job } = given;
  const trials: ReportData["capacities"] = [];
  const breath = breather(job.signal);
  for (const step of steps) {
    if (step < (sequenceAlignment ?? 1)) continue;
    const key = JSON.stringify([step, kept, worldSize]);
    const found =
      known.get(key) ?? (await trial(histogram, columns, order, step, kept, worldSize, quiet(job)));
    known.set(key, found);
    await breath();
    const { packCount, efficiency } = made.stats;
    const ranks = made.balance.find((row) => row.worldSize === worldSize);
    // The chosen one is the packing itself, not what effort 0 makes of it.
    const own = {
      ...{ packCount, efficiency },
      ...(ranks && { shuffled: ranks.shuffled, balanced: ranks.balanced }),
    };
    trials.push(step === capacity ? { ...found, ...own } : found);
  }
  return trials;
}

async function compared(
  { histogram, lengths }: Told,
  made: Made,
  given: Checked,
): Promise<StrategyTrial[]> {
  const inOrder = lengths !== undefined && lengths.length <= IN_ORDER;
  const names =
    given.strategies ??
    strategies()
      .filter(({ plans }) => plans || inOrder)
      .map(({ name }) => name);
  if (given.strategies === undefined && made.stats.packCount === 0) return [];
  const { capacity, overlong, empty, maxSequencesPerPack, sequenceAlignment } = made.options;
  const options = {
    ...{ capacity, overlong, empty },
    ...(maxSequencesPerPack !== undefined && { maxSequencesPerPack }),
    ...(sequenceAlignment !== undefined && { sequenceAlignment }),
    ...(given.effort !== undefined && { effort: given.effort }),
    ...quiet(given.job),
  };
  const trials: StrategyTrial[] = [];
  for (const asked of names) {
    const { name: strategy, plans } = infoOf(asked);
    const started = performance.now();
    try {
      const found =
        plans || lengths === undefined
          ? await plan(histogram, { ...options, strategy })
          : await pack(lengths, { ...options, strategy });
      const { packCount, efficiency } = found;
      const milliseconds = given.times && { milliseconds: performance.now() - started };
      trials.push({ strategy, packCount, efficiency, ...milliseconds });
    } catch (error) {
      const { code, message } = error as StowageError;
      // One of all that can't do what the options ask is a row; one that was asked for is not.
      if (given.strategies !== undefined || !["ERR_OPTION", "ERR_STRATEGY"].includes(code))
        throw error;
      trials.push({ strategy, refused: message });
    }
  }
  return trials;
}

/** Many short jobs: how far each of them has come says nothing. */
function quiet({ signal, threads }: JobOptions): JobOptions {
  return { ...(signal && { signal }), ...(threads !== undefined && { threads }) };
}

function toCounted(histogram: LengthHistogram): Counted {
  const size = histogram.distinctLengths;
  const columns = { lengths: new Float64Array(size), counts: new Float64Array(size) };
  let at = 0;
  for (const [length, count] of histogram) {
    columns.lengths[at] = length;
    columns.counts[at++] = count;
  }
  return columns;
}

/** Refuses an `input` that can't have given the lengths in the packs. */
function refuseOther(columns: Counted, made: Made, limit: number): void {
  const packed = new Map(made.packed);
  const expected = new Map<number, number>();
  for (const [length, count] of placed(columns, limit, made.options.overlong))
    expected.set(length, (expected.get(length) ?? 0) + count);
  const all = [...new Set([...packed.keys(), ...expected.keys()])].sort((a, b) => a - b);
  const differs = all.find((length) => packed.get(length) !== expected.get(length));
  if (differs === undefined) return;
  const [there, here] = [packed.get(differs) ?? 0, expected.get(differs) ?? 0];
  const message = `\`input\` isn't what was packed: it gives ${here} sequences of ${differs} tokens, the packs hold ${there}`;
  throw new StowageError("ERR_HISTOGRAM_MISMATCH", message, { length: differs });
}
