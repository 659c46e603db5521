// The proof of a plan on a native thread.

import { StowageError } from "../base/errors.js";
import { type JobOptions, run } from "../base/job.js";
import { givenOptions, jobKeys, jobOptions, refuseUnknown, show } from "../base/options.js";
import { type LengthHistogram, toHistogram } from "./histogram.js";
import { type Plan, planHandle } from "./plan.js";

/**
 * As `plan.verify`, on a native thread: for plans from elsewhere, whose proof may take seconds. Proofs
 * of linear programs cost in proportion to the sums of lengths that packs reach, 2^26 at most, times
 * the lengths, 2^33 steps in all; the others next to nothing.
 *
 * @param plan from `plan`, {@link planSync} or {@link Plan.fromJSON}
 * @param histogram what it was made for
 * @param options see {@link JobOptions}; one thread does it, whatever `threads` says
 * @throws {StowageError} rejects with `ERR_INVALID_PLAN` naming the step and the length, also for a proof
 * that would take more than those; `ERR_OPTION`, `ERR_MEMORY`, or with `signal.reason`
 *
 * @example
 * const histogram = LengthHistogram.from([5, 3, 5, 7]);
 * const found = Plan.fromJSON(planSync(histogram, { capacity: 10 }).toJSON());
 * await verifyPlan(found, histogram, { signal: AbortSignal.timeout(60_000) }); // => undefined
 */
export async function verifyPlan(
  plan: Plan,
  histogram: LengthHistogram,
  options: JobOptions = {},
): Promise<void> {
  const given = givenOptions(options, "signal");
  refuseUnknown(given, jobKeys);
  const job = jobOptions(given);
  job.signal?.throwIfAborted();
  const handle = planHandle(plan);
  if (handle === undefined) {
    const message = `\`plan\` must be a Plan, got ${show(plan)}; Plan.fromJSON makes one of JSON`;
    throw new StowageError("ERR_OPTION", message);
  }
  const counts = toHistogram(histogram);
  return run(job, { stage: "verify", total: 1 }, (control) => handle.verifyAsync(counts, control));
}
