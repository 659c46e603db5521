// What killed jobs have left beside outputs: found, named, and removed where that is safe.

import { type JobOptions, run } from "../base/job.js";
import { native } from "../base/native.js";
import {
  booleanOption,
  givenOptions,
  jobKeys,
  jobOptions,
  refuseUnknown,
} from "../base/options.js";
import { toPath } from "./inputs.js";

/** A temporary folder that a killed job has left, or that a job still writes. */
export interface Leftover {
  /** Where it is: a hidden folder beside the output whose name it has. */
  path: string;
  /** Bytes in it. */
  bytes: number;
  /** Seconds since it was last written to. */
  age: number;
  /** The host of the job, where the folder's name says it. */
  host?: string;
  /** The job's process on that host. */
  pid?: number;
  /** Whether that process has ended, runs here, or can't be told from here: on another host, in another container. */
  life: "gone" | "running" | "unknown";
  /** It was removed. */
  removed: boolean;
}

/** How {@link cleanLeftovers} goes about it. */
export interface CleanOptions {
  /** Remove also what can't be told to be dead. On a file system that several hosts share, a living job may write it. Default false. */
  force?: boolean | undefined;
}

/**
 * Finds the temporary folders that killed jobs have left in `folder`, and removes those whose process on
 * this host has ended. What a running job writes is never touched.
 *
 * A killed `packDataset` leaves nothing under its output's name, but a hidden folder
 * `.NAME.stowage-HOST-…-PID-….tmp` beside it. The next job for the same output names it in its `warnings`,
 * and removes it with `overwrite`; this removes those of all outputs in a folder.
 *
 * @param folder where outputs are written
 * @param options see {@link CleanOptions}
 * @returns what was found, in the order of names
 * @throws {StowageError} rejects with `ERR_IO` for a folder that can't be read, or a leftover that can't be
 * removed; `ERR_OPTION`; or with `signal.reason`
 *
 * @example
 * mkdirSync("outputs");
 * await cleanLeftovers("outputs"); // => []
 */
export async function cleanLeftovers(
  folder: string,
  options: CleanOptions & JobOptions = {},
): Promise<Leftover[]> {
  const path = toPath(folder, "folder");
  const given = givenOptions(options, "force");
  refuseUnknown(given, ["force", ...jobKeys]);
  const force = booleanOption(given, "force") ?? false;
  const job = jobOptions(given);
  return run(job, { stage: "read", total: 0, waits: true }, async (control) => {
    const found = await native.clean(path, force, control);
    return found.map((one) => ({ ...one, life: one.life as Leftover["life"] }));
  });
}
