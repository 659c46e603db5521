// Which partitions, groups or shards a call is for: said by an option, or by the scheduler that started it.

import { join } from "node:path";
import { CommanderError, InvalidArgumentError } from "commander";
import { readJson } from "../lengths.js";
import { integer } from "../options.js";
import type { Session } from "../session.js";

/** First and last of consecutive items. */
export type Run = readonly [first: number, last: number];

/** Where schedulers of array jobs say which task this is. */
const INDICES: Readonly<Record<string, string>> = {
  SLURM_ARRAY_TASK_ID: "SLURM",
  JOB_COMPLETION_INDEX: "Kubernetes",
  AWS_BATCH_JOB_ARRAY_INDEX: "AWS Batch",
};

/** What the options of items say in help texts. */
export const DEFAULT_ITEM: string = `(default: what ${Object.keys(INDICES).join(", ")} says)`;

/** Option value `3`, `0-7` or `0-3,17`, as `stowage job status` prints what is missing. */
export function runs(text: string): Run[] {
  const found = text.split(",").map((part): Run => {
    const [first = "", last = first, ...rest] = part.split("-");
    const run = [integer(first), integer(last)] as const;
    if (rest.length === 0 && run[0] <= run[1]) return run;
    throw new InvalidArgumentError("Numbers or ranges are expected, as in 0-3,17.");
  });
  return found;
}

/** The flags of a verb over items. */
export interface ItemFlags {
  /** How many items one index of the scheduler stands for. */
  perTask?: number;
}

/**
 * The items that this call is for. What an option names must exist, as the step itself says. An index of
 * the scheduler beyond the last item has nothing to do: array sizes are fixed before their number is known.
 */
export async function itemsOf(
  session: Session,
  folder: string,
  kind: "partition" | "group" | "shard",
  given: { items: Run[] | undefined } & ItemFlags,
): Promise<Run[]> {
  if (given.items !== undefined) {
    if (given.perTask === undefined) return given.items;
    const message = `--per-task goes with the index of a scheduler, and --${kind} names the items; leave one of them out`;
    throw new CommanderError(2, "stowage.items", message);
  }
  const { index, name } = schedulersIndex(kind);
  const perTask = given.perTask ?? 1;
  if (perTask < 1) throw new CommanderError(2, "stowage.items", "--per-task must be 1 or more");
  const total = await totalOf(folder, kind);
  const [first, last] = [index * perTask, Math.min((index + 1) * perTask, total) - 1];
  if (first < total) return [[first, last]];
  session.note(`${name}=${index}: nothing to do, the job has ${total} ${kind}s`);
  return [];
}

function schedulersIndex(kind: string): { index: number; name: string } {
  const found = Object.keys(INDICES).filter((name) => process.env[name] !== undefined);
  const [name] = found;
  if (name === undefined) {
    const message = `--${kind} must be given: no scheduler says which ${kind} (${Object.keys(INDICES).join(", ")})`;
    throw new CommanderError(2, "stowage.items", message);
  }
  const values = new Set(found.map((each) => process.env[each]));
  const text = process.env[name] ?? "";
  if (values.size === 1 && /^\d+$/.test(text)) return { index: Number(text), name };
  const said = found.map((each) => `${each}=${process.env[each]}`).join(" and ");
  const message = `${said} ${values.size > 1 ? "contradict each other" : "is no index"}; name the ${kind} with --${kind}`;
  throw new CommanderError(2, "stowage.items", message);
}

/** How many there are: nothing but job.json or layout.json is read. */
async function totalOf(folder: string, kind: "partition" | "group" | "shard"): Promise<number> {
  const name = kind === "partition" ? "job.json" : "layout.json";
  const document = (await readJson(join(folder, name))) as Record<string, unknown[] | undefined>;
  return document[`${kind}s`]?.length ?? 0;
}

/** The mode of a job. */
export async function modeOf(folder: string): Promise<"local" | "shuffle"> {
  const { mode } = (await readJson(join(folder, "job.json"))) as { mode: "local" | "shuffle" };
  return mode;
}

/** All numbers of some runs, ascending within each. */
export function each(all: readonly Run[]): number[] {
  return all.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, k) => first + k),
  );
}

/** Refuses several items where one stream has the rows of one. */
export function refuseSeveral(all: readonly Run[], option: string, kind: string): void {
  if (each(all).length <= 1) return;
  const message = `${option} is the stream of one ${kind}; name one`;
  throw new CommanderError(2, "stowage.items", message);
}
