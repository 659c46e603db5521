// verify: one output file against the plan and the layout.

import type { JobOptions } from "stowage";
import { native } from "../base/native.js";
import { pathOption, report, stepOptions, toFolder, toItem } from "./step.js";

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
export async function verifyShard(
  folder: string,
  shard: number,
  options: { output?: string | undefined } & JobOptions = {},
): Promise<VerifiedShard> {
  const { given, job } = stepOptions(options, ["output"]);
  const [at, item, output] = [
    toFolder(folder),
    toItem(shard, "shard"),
    pathOption(given, "output"),
  ];
  return report(job, "verify", (threads, control) =>
    native.jobVerifyShard(at, item, output, threads, control),
  );
}
