// The whole public surface of stowage/job. Made from ts/ by `npm run build:types`.

import { JobOptions, PackDatasetOptions, PackOptions, Progress } from "stowage";

/** Where a step finds its rows, if not in the files that job.json names. */
export interface StepInput {
  /** An Arrow stream or file with the rows in their order; '-' for a stream on standard input. Default: the files of job.json. */
  input?: string | undefined;
}

/** What {@link countPartition} says. */
export interface CountReport {
  /** Its number. */
  partition: number;
  /** Rows of the partition. */
  sequences: number;
  /** Tokens of what is packed. */
  tokens: number;
  /** Sequences that are left out. */
  dropped: number;
  /** Distinct lengths. */
  classes: number;
  /** Digest of the lengths in order: another one later is `ERR_INPUT_CHANGED`. */
  lengthsDigest: string;
  /** The first sequence that `overlong` or `empty` refuses: its row in the partition. `planJob` raises it with its number in the whole input. */
  fault?: {
    row: number;
    code: string;
  };
  /** What to know of the inputs. */
  warnings: string[];
}

/**
 * Counts the lengths of one partition: `JOB/counts/P.arrow`. Only lengths are read where the format
 * allows. May be repeated, and run twice at once.
 *
 * @param folder of the job
 * @param partition its number, from 0
 * @param options see {@link StepInput}
 * @throws {StowageError} rejects with `ERR_INPUT_CHANGED`, `ERR_COLUMN`, `ERR_FORMAT`, `ERR_IO` with `path`;
 * `ERR_JOB` where another count of it is there; or with `signal.reason`
 */
export declare function countPartition(
  folder: string,
  partition: number,
  options?: StepInput & JobOptions,
): Promise<CountReport>;

/** How {@link assignPartition} hands its rows on. */
export interface AssignOptions extends StepInput {
  /** '-' for an Arrow stream on standard output, in no order. Default: `JOB/runs/P.arrow`, in the order of places. */
  output?: string | undefined;
}

/** What {@link assignPartition} says. */
export interface AssignReport {
  /** Its number. */
  partition: number;
  /** Rows of the stream: sequences, or pieces of cut ones. */
  rows: number;
  /** Tokens of these rows. */
  tokens: number;
  /** Sum of the digests of all rows, modulo 2^128. */
  digest: string;
}

/**
 * Places the sequences of one partition (shuffle mode): each goes out with shard, pack and slot, for an
 * engine that sorts by these, or as a file that {@link writeShard} reads. Memory doesn't grow with the
 * partition. May be repeated, and run twice at once.
 *
 * @param folder of the job
 * @param partition its number, from 0
 * @param options see {@link AssignOptions}
 * @throws {StowageError} rejects with `ERR_INPUT_CHANGED` if the partition isn't what was counted; `ERR_JOB`,
 * `ERR_COLUMN`, `ERR_FORMAT`, `ERR_IO`; or with `signal.reason`
 */
export declare function assignPartition(
  folder: string,
  partition: number,
  options?: AssignOptions & JobOptions,
): Promise<AssignReport>;

/**
 * The columns of the stream of {@link assignPartition}, for engines that must know them before it runs: an
 * Arrow IPC stream with a schema and no batch. Needs a plan, and reads no tokens.
 *
 * @param folder of the job
 * @throws {StowageError} rejects with `ERR_JOB`, `ERR_IO`; or with `signal.reason`
 */
export declare function streamSchema(folder: string, options?: JobOptions): Promise<Uint8Array>;

/** Where a run of rows lies: a file, or row groups (Parquet) or record batches (Arrow) of it. */
export interface PartitionInput {
  /** The file. Where only the caller can read the store, its address there. */
  path: string;
  /** Size of the whole file; another one later is `ERR_INPUT_CHANGED`. */
  bytes: number;
  /** Its row groups or record batches from the first number up to, and without, the second. Default: all. */
  rowGroups?: [from: number, to: number];
}

/** Consecutive input that one task counts and places. */
export interface Partition {
  /** Files or parts of files, in input order. */
  inputs: PartitionInput[];
}

/** What local mode costs against one plan over everything. */
export interface JobLoss {
  /** Packs of one plan. */
  globalPacks: number;
  /** No packing of all sequences has fewer. */
  lowerBound: number;
  /** Packs of all groups. */
  localPacks: number;
  /** Packs more, as a part of `globalPacks`. */
  ratio: number;
}

/** How {@link finalizeJob} goes about it. */
export interface FinalizeOptions {
  /** Where index files and `_stowage.json` go, if not into the job's output: for callers that upload them. */
  output?: string | undefined;
  /** Size of each output file in the store, as it says itself. Default: the files in the output are asked. */
  sizes?: Readonly<Record<string, number>> | undefined;
  /** Read every output file again and compare its digest. Default false. */
  rehash?: boolean | undefined;
}

/** What {@link finalizeJob} says. */
export interface FinalizeReport {
  /** Names in the output, in the order in which they must appear: `_stowage.json` is the last. */
  files: string[];
  /** Packs of the data set. */
  packs: number;
  /** Rows of all partitions. */
  sequences: number;
  /** Output files with packs. */
  shards: number;
  /** Name of the file that says that the data set is complete. */
  manifest: string;
}

/**
 * Proves that every output file is there with the size, rows and tokens that the plan and its report say,
 * and in shuffle mode that what was written is what was read; then writes the format's index files,
 * `_stowage.job.json` and, last, `_stowage.json`. Until then the output is no data set. May be repeated.
 *
 * @param folder of the job
 * @param options see {@link FinalizeOptions}
 * @throws {StowageError} rejects with `ERR_JOB_INCOMPLETE` naming what isn't written; `ERR_JOB` where a report, a size, a sum or
 * a digest contradicts; `ERR_IO`; or with `signal.reason`
 */
export declare function finalizeJob(
  folder: string,
  options?: FinalizeOptions & JobOptions,
): Promise<FinalizeReport>;

/** What decides a job: the options of `packDataset` that a job knows, and how the work is cut. */
export interface InitJobOptions
  extends Omit<PackOptions, "objective" | "equalCounts" | "tolerance" | "cost">,
    Omit<PackDatasetOptions, keyof PackOptions | "input" | "text" | "overwrite" | "eosTokenId"> {
  /** Files, folders or patterns, as `packDataset` takes them. Needed unless `partitions` is given. */
  input?: string | URL | readonly (string | URL)[] | undefined;
  /** The partitions, made by the caller where only the caller can read the store. In place of `input`. */
  partitions?: readonly Partition[] | undefined;
  /** Appended to every sequence that has tokens and doesn't end with it. Default: nothing is inserted. */
  eosTokenId?: number | undefined;
  /** 'local': partitions are grouped, each group is planned and written by one task, nothing is shuffled. 'shuffle': one plan, and byte for byte the output of `packDataset`. Default 'local'. */
  mode?: "local" | "shuffle" | undefined;
  /** Bytes of input in a partition, about: files are taken together up to it, larger Parquet and Arrow files are cut. Default 1 GiB. */
  partitionSize?: number | undefined;
  /** Local mode: packs that a group should have at least. Default 20000: a group costs about half a pack. */
  groupPacks?: number | undefined;
  /** Local mode: how many packs more than one plan it may cost, as a part of them; above it `planJob` stops. Default 0.0001. */
  maxLoss?: number | undefined;
}

/** What {@link initJob} says. */
export interface InitReport {
  /** Of the job: 32 hex digits. Equal inputs and options have equal ids. */
  id: string;
  /** `local` or `shuffle`. */
  mode: "local" | "shuffle";
  /** Where the data set will be. */
  output: string;
  /** How many there are. */
  partitions: number;
  /** Bytes of all input. */
  bytes: number;
  /** False if the same job was there already, which is kept. */
  created: boolean;
  /** What to know of the inputs. */
  warnings: string[];
}

/**
 * Begins a job over many machines: finds the input, cuts it into partitions and writes `JOB/job.json`, which
 * never changes again. Nothing but footers is read. The same call again does nothing.
 *
 * @param folder of the job: all tasks must see it, or copies of what they need of it. It may not lie in the output
 * @param options see {@link InitJobOptions}; `input` (or `partitions`), `output`, `format` and `capacity` are needed
 * @throws {StowageError} rejects with `ERR_OUTPUT_EXISTS` if anything is in the output; `ERR_JOB` if another job is in the folder,
 * naming the first difference; `ERR_OPTION`, `ERR_CAPACITY`, `ERR_STRATEGY` for what a job can't do; `ERR_IO`, `ERR_FORMAT`
 * with `path`; or with `signal.reason`
 *
 * @example
 * writeFileSync("tokens.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * const { partitions } = await initJob("job", { input: "tokens.jsonl", output: "packed-by-job", format: "parquet", capacity: 4 });
 * partitions; // => 1
 */
export declare function initJob(
  folder: string,
  options: InitJobOptions & JobOptions,
): Promise<InitReport>;

/** What {@link planJob} says. */
export interface JobPlanReport {
  /** Of the plan over everything: 32 hex digits. */
  planId: string;
  /** Packs that will be written. */
  packs: number;
  /** No packing of all sequences has fewer. */
  lowerBound: number;
  /** Rows of all partitions. */
  sequences: number;
  /** Tokens of all packs. */
  tokens: number;
  /** Tokens / (packs × capacity). */
  efficiency: number;
  /** Output files. */
  shards: number;
  /** Groups of partitions; 0 in shuffle mode. */
  groups: number;
  /** What local mode costs against one plan. */
  loss: JobLoss;
}

/**
 * Plans the job from the counts of all partitions: `plan.json`, in local mode `plans/G.json`, in shuffle
 * mode `offsets/P.arrow`, and `layout.json`, which names every output file. Local mode is planned both as
 * a whole and by groups, and what the groups cost is said before anything is written.
 *
 * @param folder of the job
 * @throws {StowageError} rejects with `ERR_JOB_INCOMPLETE` naming the partitions that aren't counted; `ERR_LOSS` if
 * the groups need more packs than `maxLoss` allows; `ERR_OVERLONG`, `ERR_EMPTY_SEQUENCE` with the `index` in the
 * whole input; `ERR_OPTION`, `ERR_JOB`, `ERR_IO`; or with `signal.reason`
 */
export declare function planJob(folder: string, options?: JobOptions): Promise<JobPlanReport>;

/** A step of a job, by its verb. */
export type StepName = "count" | "plan" | "assign" | "write" | "finalize";

/** How far a step has come. */
export interface StepStatus {
  /** Its verb. */
  step: StepName;
  /** Items (partitions, groups, shards; 1 of `plan` and `finalize`) that are done. */
  done: number;
  /** Items in all; undefined until the job is planned. */
  total: number | undefined;
  /** Numbers of the items that aren't done, ascending. */
  missing: number[];
  /** The same as array schedulers write it: `0-3,17`; with `perTask` the tasks that have some of them. */
  ranges: string;
}

/** What {@link jobStatus} says. */
export interface JobStatus {
  /** Of the job. */
  id: string;
  /** `local` or `shuffle`. */
  mode: "local" | "shuffle";
  /** Where the data set will be. */
  output: string;
  /** The steps in their order. */
  steps: StepStatus[];
  /** The first step that isn't done; undefined when the data set is complete. */
  next: StepStatus | undefined;
}

/**
 * Says what a job has done and what is missing, by the names of its files: nothing is opened but job.json and
 * layout.json. Of an output in a store nothing can be seen from here: its last step counts as missing. A
 * partition is assigned if its report and its rows (`JOB/runs`) are there; when all shards are written, the
 * report is enough. One whose rows went out as a stream therefore counts as missing until then.
 *
 * @param folder of the job
 * @param options `perTask`: items that one task of an array does, for `ranges`; default 1
 * @throws {StowageError} rejects with `ERR_JOB`, `ERR_IO`
 */
export declare function jobStatus(
  folder: string,
  options?: {
    perTask?: number | undefined;
  },
): Promise<JobStatus>;

/** How far {@link runJob} has come: that of the step, and which step it is. */
export interface RunProgress extends Progress {
  /** Its verb. */
  step: StepName;
  /** Number of the item (partition, group, shard) it is at; the first of several. */
  item: number;
  /** Items of the step in all. */
  items: number;
}

/** The options of {@link runJob}. */
export interface RunJobOptions extends Omit<JobOptions, "onProgress"> {
  /** Called at most ten times a second, and once at the end of each item. If it throws, the job stops and rejects with what it threw. */
  onProgress?: ((progress: RunProgress) => void) | undefined;
}

/**
 * Does everything of a job that isn't done, one item after another on the threads of this machine: what
 * many machines do, here, and what goes on after a reboot. Items that other machines do meanwhile may be
 * done twice, which changes nothing.
 *
 * @param folder of the job
 * @param options see {@link RunJobOptions}
 * @throws {StowageError} rejects as the steps do
 *
 * @example
 * writeFileSync("run.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * await initJob("run-job", { input: "run.jsonl", output: "run-packed", format: "parquet", capacity: 4, mode: "shuffle" });
 * const { packs, files } = await runJob("run-job");
 * [packs, files.at(-1)]; // => [2, "_stowage.json"]
 */
export declare function runJob(folder: string, options?: RunJobOptions): Promise<FinalizeReport>;

/** What {@link verifyShard} says. */
export interface VerifiedShard {
  /** Its number. */
  shard: number;
  /** Its name in the output. */
  path: string;
  /** Packs in it. */
  packs: number;
  /** Sequences in it, or pieces of cut ones. */
  segments: number;
  /** Tokens in it. */
  tokens: number;
}

/**
 * Reads one output file again and proves it: its digest, each pack against the capacity and the plan,
 * boundaries, positions, masks. A data set of many terabytes is proved by many machines at once.
 *
 * @param folder of the job
 * @param shard its number, from 0
 * @param options `output`: where it lies, if not in the job's output
 * @throws {StowageError} rejects with `ERR_INVALID_PACKING` naming the first fault with `path` and `row`; `ERR_FORMAT`,
 * `ERR_IO`; or with `signal.reason`
 */
export declare function verifyShard(
  folder: string,
  shard: number,
  options?: {
    output?: string | undefined;
  } & JobOptions,
): Promise<VerifiedShard>;

/** Where a step writes its output files. */
export interface WriteOptions extends StepInput {
  /** The folder to write to, if it isn't the job's output. */
  output?: string | undefined;
}

/** What is said of one output file: `JOB/written/S.json`. */
export interface WrittenShard {
  /** Of this report. */
  version: 1;
  /** Its number. */
  shard: number;
  /** Its name in the output. */
  path: string;
  /** Packs in it. */
  rows: number;
  /** Its size. */
  bytes: number;
  /** Its digest. */
  sha256: string;
  /** Sequences in it, or pieces of cut ones. */
  segments: number;
  /** Tokens in it. */
  tokens: number;
  /** Sum of the digests of its segments, modulo 2^128. */
  digest: string;
}

/**
 * Writes one output file (shuffle mode) from placed sequences, and its report. A stream that ends early,
 * or repeats, skips or swaps a place is refused there, and nothing appears. May be repeated, and run
 * twice at once: equal bytes go to one name.
 *
 * @param folder of the job
 * @param shard its number, from 0; or the first and the last of several
 * @param options `input`: a stream of all rows of these files, sorted by shard, pack and slot. Default: what
 * `assignPartition` left in `JOB/runs`
 * @throws {StowageError} rejects with `ERR_STREAM` (place expected, place found); `ERR_JOB` where a report with another
 * digest is there; `ERR_JOB_INCOMPLETE`, `ERR_FORMAT`, `ERR_IO`; or with `signal.reason`
 */
export declare function writeShard(
  folder: string,
  shard: number | readonly [first: number, last: number],
  options?: WriteOptions & JobOptions,
): Promise<WrittenShard[]>;

/**
 * Packs one group of partitions (local mode) and writes its output files, and their report. May be
 * repeated, and run twice at once.
 *
 * @param folder of the job
 * @param group its number, from 0
 * @param options `input`: a stream of the rows of all its partitions, in their order. Default: the files of job.json
 * @throws {StowageError} rejects with `ERR_INPUT_CHANGED` if the partitions aren't what was counted; `ERR_JOB`,
 * `ERR_COLUMN`, `ERR_FORMAT`, `ERR_IO`; or with `signal.reason`
 */
export declare function writeGroup(
  folder: string,
  group: number,
  options?: WriteOptions & JobOptions,
): Promise<WrittenShard[]>;

export {};
