// Files in, files out: lengths of source files, packed data sets and their proof.

import { StowageError } from "../base/errors.js";
import { type JobControl, type JobKind, type JobOptions, partsOf, run } from "../base/job.js";
import { allocate } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import {
  booleanOption,
  givenOptions,
  jobKeys,
  jobOptions,
  refuseUnknown,
  show,
} from "../base/options.js";
import type { PackingStats } from "../packing/stats.js";
import { checkText, type TextOptions } from "../text/options.js";
import type { DatasetFormat } from "./formats.js";
import {
  type FileInput,
  type GivenInput,
  type Items,
  toInputs,
  toPath,
  toSource,
} from "./inputs.js";
import {
  checkDatasetOptions,
  type PackDatasetOptions,
  packDatasetKeys,
  refuseTokenColumns,
  type SourceColumns,
  toColumn,
  toColumns,
  toSplit,
} from "./options.js";
import { putDown, withFolder, withoutFolder, withoutFolderIn } from "./spool.js";

type NativeResult = Awaited<ReturnType<Native["packDataset"]>>;
type LengthList = InstanceType<Native["LengthList"]>;

/** The figures of a packed data set. */
export interface DatasetReport extends PackingStats {
  /** Milliseconds per stage, those of reading the sources and of writing included; 0 for stages that this job didn't go through. */
  time: { read: number; count: number; plan: number; bind: number; write: number };
  /** 32 hex digits: equal plans have equal ids. Absent for strategies without a plan. */
  planId?: string;
  /** What was written. */
  format: DatasetFormat;
  /** The data files: names within the output folder, packs and bytes of each. */
  files: { path: string; rows: number; bytes: number }[];
  /** Bytes of the temporary file: tokens that passed the 128 MiB of them kept in memory. Mostly 0. */
  spilledBytes: number;
  /** Sequences (and pieces of cut ones) without any label but -100; where labels or a loss mask were named. */
  sequencesWithoutTargets?: number;
  /** Packs without any label but -100, likewise. */
  packsWithoutTargets?: number;
  /** What to know of sources and contents before training: mostly empty. */
  warnings: string[];
}

/** What {@link readLengths} reads. */
export interface ReadLengthsOptions {
  /** A list of integers, or an integer column of lengths. Default 'input_ids'. */
  column?: string | undefined;
  /** Text in place of a column: the length of each row is that of its tokens, without an end-of-document id. */
  text?: TextOptions | undefined;
  /** Which split of input folders, where their names say several. */
  split?: string | undefined;
  /** Told what was passed over, a sentence each. Default: `process.emitWarning`. */
  onWarning?: ((warning: string) => void) | undefined;
}

/** Up to this many lengths are copied on the JavaScript thread: about 1 ms. */
const atOnce = 1_000_000;

/**
 * Lengths of the sequences of source files, in order, without loading tokens where the format allows.
 *
 * @param input files, folders, glob patterns or `file:` URLs: Parquet, Arrow IPC (file or stream), JSON, `.npy`
 * (a 1-D array of lengths). An array keeps its order; folders and patterns expand in byte order
 * @param options `column`: a list of integers, or an integer column of lengths; default 'input_ids'.
 * A null row is an empty sequence. `split`: which split of a folder. `onWarning` is told what was passed
 * over, a sentence each; without it, warnings are emitted by `process.emitWarning`
 * @throws {StowageError} rejects with `ERR_IO`, `ERR_FORMAT`, `ERR_COLUMN` (each with `path`, and `row` where
 * it is known), `ERR_TOO_MANY_SEQUENCES`, `ERR_OPTION`, `ERR_MEMORY`, or with `signal.reason`
 *
 * @example
 * writeFileSync("lengths.jsonl", '{"input_ids":[5,6,7]}\n{"input_ids":[8]}\n');
 * const lengths = await readLengths("lengths.jsonl");
 * Array.from(lengths); // => [3, 1]
 */
export async function readLengths(
  input: FileInput,
  options: ReadLengthsOptions & JobOptions = {},
): Promise<Uint32Array<ArrayBuffer>> {
  const given = givenOptions(options, "column");
  refuseUnknown(given, ["column", "text", "split", "onWarning", ...jobKeys]);
  const split = toSplit(given.split);
  const onWarning = toOnWarning(given.onWarning);
  const column = given.column === undefined ? "input_ids" : toColumn(given.column, "column");
  const text = checkText(given.text);
  if (text !== null && given.column !== undefined) {
    const message = "`column` is for token columns, and `text` is given; leave one of them out";
    throw new StowageError("ERR_OPTION", message);
  }
  const inputs = toInputs(input);
  const job = jobOptions(given);
  return run(job, { stage: "read", total: 0, waits: true }, async (control) => {
    const parts = partsOf(job);
    const list: LengthList = await native.readLengths(inputs, column, split, text, parts, control);
    for (const warning of list.warnings) onWarning(warning);
    const lengths = allocate(Uint32Array, list.count) as Uint32Array<ArrayBuffer>;
    if (list.count <= atOnce) list.copyInto(lengths);
    // The closure keeps the array, which only the job sees, until the job is over.
    else await list.copyIntoAsync(lengths, control).then(() => lengths);
    return lengths;
  });
}

function toOnWarning(given: unknown): (warning: string) => void {
  if (given === undefined) return (warning) => process.emitWarning(warning, "StowageWarning");
  if (typeof given === "function") return (warning) => given(warning);
  throw new StowageError("ERR_OPTION", `\`onWarning\` must be a function, got ${show(given)}`);
}

/**
 * Source files to a packed data set that a trainer opens, in bounded memory: 16 bytes per sequence
 * and 512 MiB, whatever the token bytes. The sources are read once; their tokens lie uncompressed
 * in memory, and beyond 128 MiB of them in a temporary file beside the output, meanwhile. The output is written under a temporary name and
 * renamed when it is complete; a failed or cancelled job leaves nothing. Rows, record batches and bytes from
 * an iterable are put down in files beside the output first; what such a source throws is what the promise
 * rejects with, and errors name `input` in place of a file.
 *
 * @param options see {@link PackDatasetOptions}; `input`, `output`, `format` and `capacity` are needed
 * @throws {StowageError} rejects with `ERR_OUTPUT_EXISTS` before anything is read; `ERR_IO`, `ERR_FORMAT`,
 * `ERR_COLUMN` with `path` and `row`; `ERR_OVERLONG`, `ERR_EMPTY_SEQUENCE` with `index`; `ERR_OPTION`,
 * `ERR_CAPACITY`, `ERR_STRATEGY`, `ERR_TOO_MANY_SEQUENCES`, `ERR_MEMORY`; or with `signal.reason`, when its
 * temporary output is removed
 *
 * @example
 * writeFileSync("tokens.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * const report = await packDataset({ input: "tokens.jsonl", output: "packed", format: "parquet", capacity: 4 });
 * [report.packCount, report.tokensPacked, report.gap]; // => [2, 6, 0]
 * report.files.map((file) => file.path); // => ["train-00000-of-00001.parquet"]
 *
 * async function* rows() {
 *   yield { input_ids: [11, 12, 13] };
 *   yield { input_ids: Int32Array.of(21, 22) };
 * }
 * const streamed = await packDataset({ input: rows(), output: "streamed", format: "arrow", capacity: 4 });
 * streamed.tokensPacked; // => 5
 */
export async function packDataset(
  options: PackDatasetOptions & JobOptions,
): Promise<DatasetReport> {
  const given = givenOptions(options, "{ input, output, format, capacity }");
  refuseUnknown(given, [...packDatasetKeys, ...jobKeys]);
  const { options: checked, items } = checkDatasetOptions(given);
  const job = jobOptions(given);
  const pack = async (control: JobControl, inputs: string[]): Promise<DatasetReport> =>
    toReport(await native.packDataset({ ...checked, inputs }, partsOf(job), control));
  const kind = { stage: "write", total: 0, waits: true } as const;
  if (items === undefined) return run(job, kind, (control) => pack(control, checked.inputs));
  const folder = (control: JobControl) => native.spoolForPacking(checked, control);
  return runWithItems(job, kind, { items, folder, work: pack });
}

/** What {@link verifyDataset} proves a data set against. */
export interface VerifyDatasetOptions {
  /** The sources that it was made from: with them, contents are compared and no sequence may be missing. */
  input?: FileInput | GivenInput | undefined;
  /** Their columns, as they were named to {@link packDataset}: without a column of labels, tokens are the labels. */
  columns?: SourceColumns | undefined;
  /** Text in place of token columns, as it was given to {@link packDataset}: another tokenizer, template or option is `ERR_OPTION`. */
  text?: TextOptions | undefined;
  /**
   * Every file must be as it was written, to the bit: its digest is in `_stowage.json`. Default true;
   * false is for data sets that were rewritten on purpose, by another compressor for example.
   */
  digests?: boolean | undefined;
}

/**
 * Re-reads a packed data set of any format and proves it: no file changed, no pack over capacity, boundaries that add up,
 * positions that restart, masks, labels at the joints and at padding, the files beside the data, the
 * ledger, each sequence once, the lower bound again from its certificate, and the plan's id from the packs;
 * with `input` also that every token, label and weight is the source's.
 *
 * 'hf', 'trl' and 'llamafactory' have no ids of sequences. They are compared with the source by content,
 * in digests of 64 bits; without it, only the numbers of sequences and tokens are proved. 'seqpack' has no
 * tokens: its templates and ids are proved. Carried columns aren't compared.
 *
 * @param output the folder
 * @param options see {@link VerifyDatasetOptions}
 * @throws {StowageError} rejects with `ERR_INVALID_PACKING` naming the first fault with `path` and `row`;
 * `ERR_FORMAT` or `ERR_IO` for files that can't be read; the errors of sources; `ERR_OPTION`; or with
 * `signal.reason`
 *
 * @example
 * writeFileSync("proof.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * await packDataset({ input: "proof.jsonl", output: "proved", format: "arrow", capacity: 4 });
 * const { packCount, efficiency } = await verifyDataset("proved", { input: "proof.jsonl" });
 * [packCount, efficiency]; // => [2, 0.75]
 */
export async function verifyDataset(
  output: string,
  options: VerifyDatasetOptions & JobOptions = {},
): Promise<DatasetReport> {
  const folder = toPath(output, "output");
  const given = givenOptions(options, "input");
  refuseUnknown(given, ["input", "columns", "text", "digests", ...jobKeys]);
  const source = given.input === undefined ? undefined : toSource(given.input);
  const columns = toColumns(given.columns);
  const text = checkText(given.text);
  if (text !== null) refuseTokenColumns(given.columns);
  const digests = booleanOption(given, "digests") ?? true;
  const job = jobOptions(given);
  const verify = async (control: JobControl, inputs?: string[]): Promise<DatasetReport> =>
    toReport(
      await native.verifyDataset(folder, inputs, columns, text, digests, partsOf(job), control),
    );
  const kind = { stage: "verify", total: 0, waits: true } as const;
  const items = source?.items;
  if (items === undefined) return run(job, kind, (control) => verify(control, source?.paths));
  const beside = (control: JobControl) => native.spoolForProof(folder, control);
  return runWithItems(job, kind, { items, folder: beside, work: verify });
}

/** A source of items: the folder that they are put down in, and what is done with their files. */
interface ItemsJob {
  readonly items: Items;
  readonly folder: (control: JobControl) => Promise<string>;
  readonly work: (control: JobControl, inputs: string[]) => Promise<DatasetReport>;
}

/** Puts the items down, works on their files and takes them away, whatever happens. */
async function runWithItems(
  job: JobOptions,
  kind: JobKind,
  given: ItemsJob,
): Promise<DatasetReport> {
  const stop = new AbortController();
  let failed: { reason: unknown } | undefined;
  const stopping = { ...kind, onStop: (reason: unknown) => stop.abort(reason) };
  try {
    return await run(job, stopping, async (control) => {
      const folder = await given.folder(control);
      return withFolder(folder, async () => {
        const inputs = await putDown(given.items, folder, stop.signal).catch((reason) => {
          failed = { reason: withoutFolderIn(reason, folder) };
          throw reason;
        });
        const report = await given.work(control, inputs);
        const warnings = report.warnings.map((warning) => withoutFolder(warning, folder));
        return { ...report, warnings };
      });
    });
  } catch (error) {
    // What the source has thrown is the caller's own, and no fault of native code.
    throw failed === undefined ? error : failed.reason;
  }
}

/** The native report as the public one. */
export function toReport({
  figures,
  read,
  write,
  planId,
  format,
  files,
  spilledBytes,
  sequencesWithoutTargets,
  packsWithoutTargets,
  warnings,
}: NativeResult): DatasetReport {
  return {
    ...figures,
    time: { read, ...figures.time, write },
    ...(planId !== null && { planId }),
    format: format as DatasetFormat,
    files,
    spilledBytes,
    ...(typeof sequencesWithoutTargets === "number" && { sequencesWithoutTargets }),
    ...(typeof packsWithoutTargets === "number" && { packsWithoutTargets }),
    warnings,
  };
}
