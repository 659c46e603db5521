// What every step shares: its checked options, and how native code is asked.

import { StowageError } from "../base/errors.js";
import { type JobControl, type JobOptions, type Progress, partsOf, run } from "../base/job.js";
import {
  type Given,
  givenOptions,
  isInteger,
  jobKeys,
  jobOptions,
  refuseUnknown,
  show,
} from "../base/options.js";

/** The options of a step, and what the job's control takes of them. */
export interface Step {
  readonly given: Given;
  readonly job: JobOptions;
}

/** Checks the options of a step: `known` besides those of every job. */
export function stepOptions(options: unknown, known: readonly string[]): Step {
  const given = givenOptions(options, known[0] ?? "threads");
  refuseUnknown(given, [...known, ...jobKeys]);
  return { given, job: jobOptions(given) };
}

/** Asks native code for a report, which is JSON. */
export async function report<T>(
  job: JobOptions,
  stage: Progress["stage"],
  call: (threads: number, control: JobControl) => Promise<string>,
): Promise<T> {
  const kind = { stage, total: 0, waits: true } as const;
  const text = await run(job, kind, (control) => call(partsOf(job), control));
  return JSON.parse(text) as T;
}

/** The folder of a job. */
export function toFolder(folder: unknown): string {
  return toText(folder, "folder");
}

/** An optional path, or null. */
export function pathOption(given: Given, name: string): string | null {
  return given[name] === undefined ? null : toText(given[name], name);
}

function toText(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw new StowageError("ERR_OPTION", `\`${name}\` must be a path, got ${show(value)}`);
}

/** Number of a partition, group or shard. */
export function toItem(value: unknown, name: string): number {
  if (isInteger(value, 0, 0xffff_ffff)) return value;
  throw new StowageError("ERR_OPTION", `\`${name}\` must be an integer >= 0, got ${show(value)}`);
}
