// Inputs that come through a pipe: `-` for standard input, `<(command)`, named pipes. The library takes
// regular files, because packs need random access; so a pipe is put into a temporary file first, by
// Node's streams, which is gone when the job has ended, however it ends.

import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CommanderError } from "commander";
import { StowageError } from "../index.js";
import { type Meter, meter } from "./progress.js";
import type { Session } from "./session.js";

/** What help texts say of it. */
export const PIPE = "- for standard input";

/** Standard input, by the names that it has. */
const STDIN: ReadonlySet<string> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/**
 * Runs `job` with `inputs`, pipes among them replaced by files. These lie beside `output`, where there
 * is room for the data set, or else where the system keeps temporary files (`TMPDIR`).
 */
export async function fromPipes<T>(
  session: Session,
  inputs: readonly string[],
  output: string | undefined,
  job: (inputs: string[]) => Promise<T>,
): Promise<T> {
  const pipes = await Promise.all(inputs.map(isPipe));
  if (!pipes.includes(true)) return job([...inputs]);
  if (inputs.filter((input) => STDIN.has(input)).length > 1)
    throw new CommanderError(2, "stowage.stdin", "standard input is read once; name it once");
  const folder = await temporaryFolder(output);
  try {
    const paths: string[] = [];
    for (const [at, input] of inputs.entries()) {
      if (pipes[at] === true) paths.push(await spool(session, input, join(folder, `${at}.json`)));
      else paths.push(input);
    }
    return await job(paths);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isPipe(input: string): Promise<boolean> {
  if (input === "-") return true;
  const found = await stat(input).catch(() => undefined);
  return found?.isFIFO() === true || found?.isSocket() === true;
}

/** Its name isn't that of the output's own temporary folder, which the job for the output looks for. */
async function temporaryFolder(output: string | undefined): Promise<string> {
  const path = output === undefined ? undefined : resolve(output);
  const folder = path === undefined ? tmpdir() : standing(dirname(path));
  const name = path === undefined ? "stowage" : basename(path);
  try {
    return await mkdtemp(join(folder, `.input-${name}.stowage-`));
  } catch (cause) {
    const message = `cannot keep what comes through the pipe in ${folder}: ${(cause as Error).message}`;
    throw new StowageError("ERR_IO", message, { path: folder, cause });
  }
}

/** `folder`, or the nearest above it that is there: the job makes the others. */
function standing(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : standing(dirname(folder));
}

/** Writes what comes through a pipe to `path`. Its ending counts where the first bytes don't say the kind. */
async function spool(session: Session, input: string, path: string): Promise<string> {
  session.name(path, STDIN.has(input) ? "standard input" : input);
  if (input === "-" && process.stdin.isTTY)
    session.note("reading standard input from the terminal; Ctrl-D ends it");
  const { report, end } = meter(session);
  const source: Readable = STDIN.has(input) ? process.stdin : createReadStream(input);
  try {
    await pipeline(source, counted(report), createWriteStream(path), { signal: session.signal });
  } catch (cause) {
    session.signal.throwIfAborted();
    const message = `cannot keep what comes through ${input}: ${(cause as Error).message}`;
    throw new StowageError("ERR_IO", message, { path: input, cause });
  } finally {
    end();
  }
  return path;
}

function counted(report: Meter["report"]) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let done = 0;
    for await (const chunk of source) {
      done += chunk.length;
      report({ stage: "spool", done, total: 0 });
      yield chunk;
    }
  };
}
