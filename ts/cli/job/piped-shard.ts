// One shard on standard output: bytes come only when all are known to be right, so that a reader that
// sees them end by exit code 0 may keep them.

import { createReadStream, fstatSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CommanderError } from "commander";
import type { JobOptions } from "../../index.js";
import { type WriteOptions, writeShard } from "../../job/job.js";

/** Where the report goes. */
const REPORT = 3;

/** Refuses a call that left no place for the report. Node itself may use the number: for no file or pipe. */
export function refuseReport(): void {
  try {
    const kind = fstatSync(REPORT);
    if (kind.isFile() || kind.isFIFO() || kind.isSocket() || kind.isCharacterDevice()) return;
  } catch {
    // Not open at all.
  }
  const message =
    "--output - gives the report on file descriptor 3, which isn't open: add 3> report.json";
  throw new CommanderError(2, "stowage.report", message);
}

/** Writes one shard to standard output, and its report to descriptor 3. */
export async function toPipe(
  folder: string,
  shard: number,
  options: WriteOptions & JobOptions,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "stowage-shard-"));
  try {
    const [written] = await writeShard(folder, shard, { ...options, output: scratch });
    await pipeline(createReadStream(join(scratch, written!.path)), process.stdout, { end: false });
    writeSync(REPORT, `${JSON.stringify(written)}\n`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
