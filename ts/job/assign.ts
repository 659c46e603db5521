// assign: the sequences of one partition with their places.

import type { JobOptions } from "stowage";
import { partsOf, run } from "../base/job.js";
import { native } from "../base/native.js";
import type { StepInput } from "./count.js";
import { pathOption, report, stepOptions, toFolder, toItem } from "./step.js";

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
export async function assignPartition(
  folder: string,
  partition: number,
  options: AssignOptions & JobOptions = {},
): Promise<AssignReport> {
  const { given, job } = stepOptions(options, ["input", "output"]);
  const [at, item] = [toFolder(folder), toItem(partition, "partition")];
  const [input, output] = [pathOption(given, "input"), pathOption(given, "output")];
  return report(job, "read", (threads, control) =>
    native.jobAssign(at, item, input, output, threads, control),
  );
}

/**
 * The columns of the stream of {@link assignPartition}, for engines that must know them before it runs: an
 * Arrow IPC stream with a schema and no batch. Needs a plan, and reads no tokens.
 *
 * @param folder of the job
 * @throws {StowageError} rejects with `ERR_JOB`, `ERR_IO`; or with `signal.reason`
 */
export async function streamSchema(folder: string, options: JobOptions = {}): Promise<Uint8Array> {
  const { job } = stepOptions(options, []);
  const at = toFolder(folder);
  const kind = { stage: "plan", total: 0, waits: true } as const;
  return run(job, kind, (control) => native.jobStreamSchema(at, partsOf(job), control));
}
