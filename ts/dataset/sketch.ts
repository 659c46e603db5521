// A packed data set at a glance, in one pass.

import { type JobOptions, partsOf, run } from "../base/job.js";
import { native } from "../base/native.js";
import {
  givenOptions,
  integerOption,
  jobKeys,
  jobOptions,
  refuseUnknown,
} from "../base/options.js";
import type { Strategy } from "../packing/strategies.js";
import { type DatasetReport, toReport } from "./dataset.js";
import { toPath } from "./inputs.js";
import { toColumn } from "./options.js";

type NativeSource = NonNullable<
  Awaited<ReturnType<typeof native.sketchDataset>>["sources"]
>[number];

/** What {@link sketchDataset} draws. */
export interface SketchOptions {
  /** Packs that are drawn, 0 .. 1024. Default 40. */
  packs?: number | undefined;
  /** Of the draw, 0 .. 2^53-1. Default 0. */
  seed?: number | undefined;
  /**
   * A carried column that names the source of each sequence, by text, an integer or a boolean: then the sketch
   * says what the packs are mixed of. Formats 'parquet' and 'arrow' carry columns. At most 4,096 different
   * values, of 1,024 bytes each. Default: none.
   */
  column?: string | undefined;
}

/** A source of sequences, as a carried column names it. */
export interface SketchedSource {
  /** What the column holds; null for sequences without a value. */
  name: string | null;
  /** Sequences, and pieces of split ones. */
  sequences: number;
  /** Their tokens. */
  tokens: number;
  /** Packs that have any of them. */
  packs: number;
  /** Its tokens in a pack, by nearest rank over all packs, those without it included. */
  perPack: { p10: number; p50: number; p90: number };
}

/** A number, or where its class 0, 1, 2 to 3, 4 to 7 … begins, and how often it was seen. */
export interface Seen {
  from: number;
  count: number;
}

/** Packs that have the same lengths. */
export interface AlikePacks {
  /** Lengths, falling, each with how often it stands in a pack. */
  runs: [length: number, times: number][];
  /** How many packs have them. */
  multiplicity: number;
}

/** What a packed data set looks like. */
export interface DatasetSketch {
  /** Its figures, format and files, of what was read and what the manifest says. */
  report: DatasetReport;
  /** How it was packed. */
  strategy: Strategy;
  overlong: "error" | "drop" | "truncate" | "split" | "truncate-start";
  empty: "error" | "drop";
  maxSequencesPerPack?: number;
  sequenceAlignment: number;
  /** The proof of the lower bound, without its weights. */
  certificate: { kind: string; parameter?: number; weights: number };
  /** Sequences and pieces of each length. */
  lengths: Seen[];
  /** Packs by padding tokens. */
  padding: Seen[];
  /** Packs by number of sequences. */
  perPack: Seen[];
  /** Sum of the squared lengths: what attention does where sequences are kept apart. */
  squares: number;
  /** Names of the carried columns. */
  carried: string[];
  /** With `column`: what the packs are mixed of, the source with the most tokens first. */
  sources?: SketchedSource[];
  /**
   * Packs drawn: their numbers, the lengths of their sequences in order, ids where the format has them, and
   * with `column` the places of their sources in `sources`.
   */
  sample: { number: number; lengths: number[]; ids?: number[]; sources?: number[] }[];
  /** The emptiest packs, at most 12 kinds. */
  worst: AlikePacks[];
  /** The most repeated, at most 12 kinds. */
  top: AlikePacks[];
}

/**
 * Reads a packed data set once and says what its packs look like: figures, how many have how much padding
 * and how many sequences, a seeded sample, and with `column` what they are mixed of. Any format but 'seqpack',
 * which holds a plan. Nothing is proved: that is what `verifyDataset` is for.
 *
 * @param output the folder
 * @param options see {@link SketchOptions} and {@link JobOptions}; the result doesn't depend on `threads`
 * @throws {StowageError} rejects with `ERR_FORMAT`, `ERR_IO` or `ERR_INVALID_PACKING` for files that can't be
 * read or aren't what the manifest lists, with `path` and `row`; `ERR_COLUMN` for a `column` that isn't carried
 * or names no sources; `ERR_OPTION`; or with `signal.reason`
 *
 * @example
 * writeFileSync("seen.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * await packDataset({ input: "seen.jsonl", output: "glance", format: "arrow", capacity: 4 });
 * const { report, padding } = await sketchDataset("glance");
 * [report.packCount, padding]; // => [2, [{ from: 0, count: 1 }, { from: 2, count: 1 }]]
 */
export async function sketchDataset(
  output: string,
  options: SketchOptions & JobOptions = {},
): Promise<DatasetSketch> {
  const folder = toPath(output, "output");
  const given = givenOptions(options, "packs");
  refuseUnknown(given, ["packs", "seed", "column", ...jobKeys]);
  const packs = integerOption(given, "packs", 0, 1024) ?? 40;
  const seed = integerOption(given, "seed", 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const column = given.column === undefined ? null : toColumn(given.column, "column");
  const job = jobOptions(given);
  return run(job, { stage: "read", total: 0, waits: true }, async (control) => {
    const found = await native.sketchDataset(folder, packs, seed, column, partsOf(job), control);
    const { report, kind, parameter, weights, maxSequencesPerPack, sample, ...rest } = found;
    const { sources } = rest;
    return {
      report: toReport(report),
      strategy: rest.strategy as Strategy,
      overlong: rest.overlong as DatasetSketch["overlong"],
      empty: rest.empty as DatasetSketch["empty"],
      ...(maxSequencesPerPack !== null && { maxSequencesPerPack }),
      sequenceAlignment: rest.sequenceAlignment,
      certificate: { kind, ...(parameter !== null && { parameter }), weights },
      lengths: rest.lengths,
      padding: rest.padding,
      perPack: rest.perPack,
      squares: rest.squares,
      carried: rest.carried,
      ...(sources && { sources: sources.map(named) }),
      sample: sample.map(({ number, lengths, ids, sources }) => ({
        ...{ number, lengths },
        ...(ids && { ids }),
        ...(sources && { sources }),
      })),
      worst: rest.worst.map(alike),
      top: rest.top.map(alike),
    };
  });
}

function named({ perPack, ...source }: NativeSource): SketchedSource {
  const [p10, p50, p90] = perPack as [number, number, number];
  return { ...source, perPack: { p10, p50, p90 } };
}

function alike({ runs, multiplicity }: { runs: number[]; multiplicity: number }): AlikePacks {
  const pairs = Array.from({ length: runs.length / 2 }, (_, k): [number, number] => [
    runs[2 * k]!,
    runs[2 * k + 1]!,
  ]);
  return { runs: pairs, multiplicity };
}
