// plan: all counts to plans, output files and, in shuffle mode, first ranks.

import type { JobOptions } from "stowage";
import { native } from "../base/native.js";
import type { JobLoss } from "./document.js";
import { report, stepOptions, toFolder } from "./step.js";

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
export async function planJob(folder: string, options: JobOptions = {}): Promise<JobPlanReport> {
  const { job } = stepOptions(options, []);
  const at = toFolder(folder);
  return report(job, "plan", (threads, control) => native.jobPlan(at, threads, control));
}
