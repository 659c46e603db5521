// write: output files, each under its final name only when it is complete.

import type { JobOptions } from "stowage";
import { native } from "../base/native.js";
import type { StepInput } from "./count.js";
import { pathOption, report, stepOptions, toFolder, toItem } from "./step.js";

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
export async function writeShard(
  folder: string,
  shard: number | readonly [first: number, last: number],
  options: WriteOptions & JobOptions = {},
): Promise<WrittenShard[]> {
  const { given, job } = stepOptions(options, ["input", "output"]);
  const at = toFolder(folder);
  const [first, last] = typeof shard === "object" ? shard : [shard, shard];
  const [from, to] = [toItem(first, "shard"), toItem(last, "shard")];
  const [input, output] = [pathOption(given, "input"), pathOption(given, "output")];
  return report(job, "write", (threads, control) =>
    native.jobWriteShards(at, from, to, input, output, threads, control),
  );
}

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
export async function writeGroup(
  folder: string,
  group: number,
  options: WriteOptions & JobOptions = {},
): Promise<WrittenShard[]> {
  const { given, job } = stepOptions(options, ["input", "output"]);
  const [at, item] = [toFolder(folder), toItem(group, "group")];
  const [input, output] = [pathOption(given, "input"), pathOption(given, "output")];
  return report(job, "write", (threads, control) =>
    native.jobWriteGroup(at, item, input, output, threads, control),
  );
}
