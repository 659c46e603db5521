// run: every step on this machine, going on where an earlier run stopped.

import type { JobOptions, Progress } from "stowage";
import { assignPartition } from "./assign.js";
import { countPartition } from "./count.js";
import { type FinalizeReport, finalizeJob } from "./finalize.js";
import { planJob } from "./plan.js";
import { jobStatus, type StepName, type StepStatus } from "./status.js";
import { stepOptions, toFolder } from "./step.js";
import { writeGroup, writeShard } from "./write.js";

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

/** Shards that one call writes: it reads the plan once. */
const together = 16;

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
export async function runJob(folder: string, options: RunJobOptions = {}): Promise<FinalizeReport> {
  const { job } = stepOptions(options, []);
  const at = toFolder(folder);
  const { onProgress, ...others } = job as RunJobOptions;
  const watch = (step: StepName, item: number, items: number): JobOptions => ({
    ...others,
    ...(onProgress && {
      onProgress: (progress: Progress) => onProgress({ step, item, items, ...progress }),
    }),
  });
  for (;;) {
    const { mode, next } = await jobStatus(at);
    // What is complete is proved once more: it may have been damaged since.
    if (next === undefined || next.step === "finalize")
      return finalizeJob(at, watch("finalize", 0, 1));
    await finish(at, mode, next, watch);
  }
}

async function finish(
  folder: string,
  mode: "local" | "shuffle",
  { step, missing, total = 1 }: StepStatus,
  watch: (step: StepName, item: number, items: number) => JobOptions,
): Promise<void> {
  if (step === "plan") {
    await planJob(folder, watch(step, 0, 1));
    return;
  }
  if (step === "write" && mode === "shuffle") {
    for (const [first, last] of runsOf(missing, together))
      await writeShard(folder, [first, last], watch(step, first, total));
    return;
  }
  const each = { count: countPartition, assign: assignPartition, write: writeGroup };
  for (const item of missing)
    await each[step as keyof typeof each](folder, item, watch(step, item, total));
}

/** Runs of consecutive numbers, each of at most `most`. */
function runsOf(numbers: readonly number[], most: number): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === number && number - last[0] < most) last[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}
