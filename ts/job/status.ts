// status: what is done and what is missing, from the names of files alone.

import { access } from "node:fs/promises";
import { join } from "node:path";
import { givenOptions, integerOption, refuseUnknown } from "../base/options.js";
import { doneItems, readJob, readLayout, type StepFolder } from "./folder.js";
import { isAddress } from "./options.js";
import { toRanges } from "./ranges.js";
import { toFolder } from "./step.js";

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
export async function jobStatus(
  folder: string,
  options: { perTask?: number | undefined } = {},
): Promise<JobStatus> {
  const given = givenOptions(options, "perTask");
  refuseUnknown(given, ["perTask"]);
  const perTask = integerOption(given, "perTask", 1, 0xffff_ffff) ?? 1;
  const at = toFolder(folder);
  const { id, mode, output, partitions } = await readJob(at);
  const layout = await readLayout(at);
  const items = async (
    step: StepName,
    names: readonly StepFolder[],
    total?: number,
  ): Promise<StepStatus> => {
    if (total === undefined) return { step, done: 0, total, missing: [], ranges: "" };
    const lists = await Promise.all(names.map((name) => doneItems(at, name)));
    const [first, ...others] = lists.map((list) => new Set(list));
    const done = new Set([...(first ?? [])].filter((item) => others.every((set) => set.has(item))));
    const missing = Array.from({ length: total }, (_, k) => k).filter((k) => !done.has(k));
    return { step, done: total - missing.length, total, missing, ranges: tasks(missing) };
  };
  const tasks = (missing: readonly number[]): string =>
    toRanges([...new Set(missing.map((item) => Math.floor(item / perTask)))]);
  const single = (step: StepName, done: boolean): StepStatus => {
    const missing = done ? [] : [0];
    return { step, done: done ? 1 : 0, total: 1, missing, ranges: toRanges(missing) };
  };
  const complete = !isAddress(output) && (await exists(join(output, "_stowage.json")));
  const outputs = mode === "local" ? layout?.groups?.length : layout?.shards.length;
  const write = await items("write", ["written"], outputs);
  // Rows that went out as a stream lie nowhere in this folder: as long as a shard is missing, its partitions must be
  // assigned once more. When all are written only the reports count, and runs may be thrown away.
  const rows: StepFolder[] = write.missing.length > 0 ? ["assign", "runs"] : ["assign"];
  const steps = [
    await items("count", ["counts"], partitions.length),
    single("plan", layout !== undefined),
    ...(mode === "shuffle"
      ? [await items("assign", rows, layout === undefined ? undefined : partitions.length)]
      : []),
    write,
    single("finalize", complete),
  ];
  const next = steps.find((step) => step.total === undefined || step.missing.length > 0);
  return { id, mode, output, steps, next };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
