// What lies in a desk's folder and can be opened. Names and beginnings are looked at, no data is read.

import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { beginning, kindOfJson } from "../report/kind.js";
import { MANIFEST, type Places } from "./places.js";

/** Something that a desk can open. */
export interface DeskFile {
  /** What it is called in calls. */
  name: string;
  /** Of a folder: of the files that count. */
  bytes: number;
  /** `folder`: several data files that are one input. */
  kind: "data" | "folder" | "histogram" | "plan" | "dataset";
}

/** Folders within folders that are looked into. */
const DEEP = 4;
/** More than this are a number. */
const MOST = 1000;

const DATA = /\.(parquet|arrow|ipc|feather|arrows|npy|((jsonl|ndjson)(\.(gz|gzip|zst|zstd))?))$/i;

/** What there is; `more` says that there is more than is listed. */
export async function listed(places: Places): Promise<{ files: DeskFile[]; more: boolean }> {
  const found: DeskFile[] = [];
  for (const [name, path] of places.handed) {
    const file = await fileOf(name, path);
    if (file !== undefined) found.push(file);
  }
  const more = await walk(places, places.folder, 1, found);
  return { files: found.slice(0, MOST), more: more || found.length > MOST };
}

/** Adds what lies in `folder`; true if that was not all. */
async function walk(
  places: Places,
  folder: string,
  depth: number,
  found: DeskFile[],
): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const own: DeskFile[] = [];
  const folders: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    const real = entry.isSymbolicLink() ? await realpath(path).catch(() => undefined) : path;
    if (real === undefined || !(real === places.folder || real.startsWith(places.folder + sep)))
      continue;
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      // A link to a folder above would be a circle.
      if (!entry.isSymbolicLink()) folders.push(path);
      continue;
    }
    const file = await fileOf(places.nameOf(path), path);
    if (file !== undefined) own.push(file);
  }
  const data = own.filter(({ kind }) => kind === "data");
  if (depth > 1 && data.length > 1) {
    const bytes = data.reduce((sum, file) => sum + file.bytes, 0);
    found.push({ name: places.nameOf(folder), bytes, kind: "folder" });
  }
  found.push(...own);
  let more = false;
  for (const path of folders) {
    if (found.length > MOST) return true;
    const manifest = await stat(join(path, MANIFEST)).catch(() => undefined);
    if (manifest?.isFile()) {
      found.push({ name: places.nameOf(path), bytes: await sizeOf(path), kind: "dataset" });
    } else if (depth < DEEP) more = (await walk(places, path, depth + 1, found)) || more;
    else more = true;
  }
  return more;
}

/** A file or folder by its name and beginning; undefined if it is nothing of ours. */
async function fileOf(name: string, path: string): Promise<DeskFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isDirectory()) {
    const manifest = await stat(join(path, MANIFEST)).catch(() => undefined);
    return { name, bytes: await sizeOf(path), kind: manifest?.isFile() ? "dataset" : "folder" };
  }
  if (!found.isFile()) return undefined;
  const kind = DATA.test(path) ? "data" : await kindOf(path);
  return kind && { name, bytes: found.size, kind };
}

/** What a .txt or .json begins like. */
async function kindOf(path: string): Promise<DeskFile["kind"] | undefined> {
  const ending = /\.(txt|json)$/i.exec(basename(path))?.[1]?.toLowerCase();
  if (ending === undefined) return undefined;
  const begins = await beginning(path);
  if (ending === "txt") {
    const line = begins.split("\n").find((each) => /^\s*[^#\s]/.test(each));
    return line !== undefined && /^\s*\d+(\s+\d+)?\s*$/.test(line) ? "histogram" : undefined;
  }
  // A file that begins like none of these is somebody else's.
  return /^\s*[[{]/.test(begins) ? kindOfJson(begins) : undefined;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
    if (entry.isFile())
      bytes += (await stat(join(folder, entry.name)).catch(() => undefined))?.size ?? 0;
  return bytes;
}
