// count: the lengths of one partition.

import type { JobOptions } from "stowage";
import { native } from "../base/native.js";
import { pathOption, report, stepOptions, toFolder, toItem } from "./step.js";

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
  fault?: { row: number; code: string };
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
export async function countPartition(
  folder: string,
  partition: number,
  options: StepInput & JobOptions = {},
): Promise<CountReport> {
  const { given, job } = stepOptions(options, ["input"]);
  const [at, item, input] = [
    toFolder(folder),
    toItem(partition, "partition"),
    pathOption(given, "input"),
  ];
  return report(job, "read", (threads, control) =>
    native.jobCount(at, item, input, threads, control),
  );
}
