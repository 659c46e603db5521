// The job folder: job.json, and the names of what the steps leave in it. The steps themselves write the
// other files, each whole and once.

import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { StowageError } from "../base/errors.js";
import { version } from "../base/version.js";
import type { JobDocument, LayoutDocument } from "./document.js";

/** Folders in which a step leaves one file per item. */
export type StepFolder = "counts" | "assign" | "runs" | "written";

/** job.json of a folder, if this version may work on it. */
export async function readJob(folder: string): Promise<JobDocument> {
  const path = join(folder, "job.json");
  const job = await readDocument<JobDocument>(path);
  if (job === undefined) {
    const message = `${folder} is no job folder: it has no job.json; initJob makes one`;
    throw new StowageError("ERR_JOB", message, { path: folder });
  }
  if (job.version !== 1) {
    const message = `${path} has version ${String(job.version)}, and stowage ${version.package} knows version 1`;
    throw new StowageError("ERR_JOB", message, { path });
  }
  if (job.productVersion !== version.package) {
    const message = `the job was begun by stowage ${job.productVersion}, and this is ${version.package}: all tasks of a job must be of one version`;
    throw new StowageError("ERR_JOB", message, { path });
  }
  return job;
}

/** layout.json, or undefined as long as nothing is planned. */
export function readLayout(folder: string): Promise<LayoutDocument | undefined> {
  return readDocument<LayoutDocument>(join(folder, "layout.json"));
}

/** Numbers of the items of a step that are done, ascending. Files that are being written don't count. */
export async function doneItems(folder: string, step: StepFolder): Promise<number[]> {
  const path = join(folder, step);
  const names = await readdir(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw refused(path, cause);
  });
  const found = names.flatMap((name) => /^(\d+)\.(?:arrow|json)$/.exec(name)?.[1] ?? []);
  return found.map(Number).sort((a, b) => a - b);
}

/** Writes a file whole and once; returns false if another one has the name, whatever it holds. */
export async function settle(path: string, text: string): Promise<boolean> {
  const temporary = await putAside(path, text);
  try {
    await link(temporary, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    // Mounts of object stores have no hard links: there a look and a rename must do.
    if ((await readOptional(path)) !== undefined) return false;
    await rename(temporary, path).catch((reason) => {
      throw refused(path, reason);
    });
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function putAside(path: string, text: string): Promise<string> {
  const name = `${basename(path)}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`;
  const temporary = join(dirname(path), name);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    await rm(temporary, { force: true });
    throw refused(path, cause);
  }
  return temporary;
}

/** The JSON document in a file of the job, or undefined where there is none. */
async function readDocument<T>(path: string): Promise<T | undefined> {
  const text = await readOptional(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = `${path} holds no JSON (${(cause as Error).message}), and stowage writes it whole: something else wrote it`;
    throw new StowageError("ERR_JOB", message, { path, cause });
  }
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw refused(path, cause);
  }
}

/** A refusal of the system, as ours. */
export function refused(path: string, cause: unknown): StowageError {
  const { message } = cause as Error;
  return new StowageError("ERR_IO", `${path}: ${message}`, { path, cause });
}
