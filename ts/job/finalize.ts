// finalize: proves that everything was written, and makes the folder a data set.

import type { JobOptions } from "stowage";
import { StowageError } from "../base/errors.js";
import { native } from "../base/native.js";
import { booleanOption, isInteger, ownOf, show } from "../base/options.js";
import { pathOption, report, stepOptions, toFolder } from "./step.js";

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
export async function finalizeJob(
  folder: string,
  options: FinalizeOptions & JobOptions = {},
): Promise<FinalizeReport> {
  const { given, job } = stepOptions(options, ["output", "sizes", "rehash"]);
  const [at, output] = [toFolder(folder), pathOption(given, "output")];
  const sizes = given.sizes === undefined ? null : JSON.stringify(toSizes(given.sizes));
  const rehash = booleanOption(given, "rehash") ?? false;
  if (rehash && sizes !== null) {
    const message =
      "`rehash` reads the files of the output, and `sizes` says that they lie elsewhere";
    throw new StowageError("ERR_OPTION", message);
  }
  return report(job, "write", (threads, control) =>
    native.jobFinalize(at, output, sizes, rehash, threads, control),
  );
}

function toSizes(sizes: unknown): Record<string, unknown> {
  if (typeof sizes !== "object" || sizes === null || Array.isArray(sizes)) {
    const message = `\`sizes\` must be an object of bytes by name, got ${show(sizes)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  const given = ownOf(sizes);
  for (const [name, bytes] of Object.entries(given)) {
    if (isInteger(bytes, 0, Number.MAX_SAFE_INTEGER)) continue;
    const message = `\`sizes['${name}']\` must be bytes, an integer >= 0, got ${show(bytes)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  return { ...given };
}
