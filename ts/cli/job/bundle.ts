// `stowage job bundle`: Node, the package and its binary as one archive, for executors that have none.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { StowageError, version } from "../../index.js";
import { bytes } from "../figures.js";
import { need, REQUIRED } from "../options.js";
import type { Session } from "../session.js";
import { PACKAGE } from "./spark-script.js";

const EXAMPLES = `
Examples:
  $ stowage job bundle --output stowage.tar.gz
  $ spark-submit --archives stowage.tar.gz#stowage $(stowage job spark-script) --input … --output … --capacity 8192

It holds bin/stowage, which needs nothing else on a machine of this system and processor.`;

/** Starts the Node of the bundle, wherever it was unpacked. */
const LAUNCHER = `#!/bin/sh
here=$(dirname "$0")
exec "$here/node" "$here/../lib/dist/cli/main.js" "$@"
`;

export function addBundle(job: Command, session: Session): void {
  job
    .command("bundle")
    .summary("make an archive of Node and stowage for executors")
    .description("Makes one archive of this Node, the package and its binary.")
    .option("-o, --output <file>", `the archive to write, .tar.gz ${REQUIRED}`)
    .addHelpText("after", EXAMPLES)
    .action(async (given: { output: string }) => {
      need(given, "output");
      const path = resolve(given.output);
      const size = await bundle(path, session.signal);
      const node = process.version.slice(1);
      session.printJson({
        path,
        bytes: size,
        node,
        version: version.package,
        target: version.target,
      });
      session.note(`${path}: ${bytes(size)}, Node ${node}, stowage ${version.package}`);
    });
}

async function bundle(path: string, signal: AbortSignal): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), "stowage-bundle-"));
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const [bin, lib] = [join(scratch, "bin"), join(scratch, "lib")];
    await mkdir(bin);
    await cp(process.execPath, join(bin, "node"), { dereference: true });
    await writeFile(join(bin, "stowage"), LAUNCHER);
    await chmod(join(bin, "stowage"), 0o755);
    for (const name of await contents())
      await cp(join(PACKAGE, name), join(lib, name), { recursive: true, dereference: true });
    await binary(lib);
    await archive(scratch, temporary, signal);
    await rename(temporary, path);
    return (await stat(path)).size;
  } catch (cause) {
    if (cause instanceof StowageError || signal.aborted) throw cause;
    throw new StowageError("ERR_IO", `${path}: ${(cause as Error).message}`, { path, cause });
  } finally {
    await rm(temporary, { force: true });
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What npm publishes of the package, and in a clone the binary that was built there. */
async function contents(): Promise<string[]> {
  const published = ["package.json", "index.js", "report.js", "desk.js", "job.js", "native.js"];
  const names = await readdir(PACKAGE);
  return [...published, "dist", "spark", "LICENSE"]
    .filter((name) => names.includes(name))
    .concat(names.filter((name) => name.endsWith(".node")));
}

/** Copies the package with the binary, where it isn't a clone. */
async function binary(lib: string): Promise<void> {
  const names = await readdir(lib);
  if (names.some((name) => name.endsWith(".node"))) return;
  const { optionalDependencies = {} } = createRequire(join(PACKAGE, "package.json"))(
    "./package.json",
  ) as {
    optionalDependencies?: Record<string, string>;
  };
  const from = createRequire(join(PACKAGE, "index.js"));
  for (const name of Object.keys(optionalDependencies)) {
    const folder = folderOf(from, name);
    if (folder === undefined) continue;
    await cp(folder, join(lib, "node_modules", name), { recursive: true, dereference: true });
  }
  if (!existsSync(join(lib, "node_modules")))
    throw new StowageError("ERR_LOAD", "the binary's package isn't installed beside stowage");
}

function folderOf(from: NodeJS.Require, name: string): string | undefined {
  try {
    return dirname(from.resolve(`${name}/package.json`));
  } catch {
    return undefined; // of another platform
  }
}

/** The system's tar: Linux, macOS and Windows have one. */
async function archive(folder: string, path: string, signal: AbortSignal): Promise<void> {
  const child = spawn("tar", ["-czf", path, "-C", folder, "bin", "lib"], {
    stdio: ["ignore", "ignore", "pipe"],
    signal,
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0)
    throw new StowageError("ERR_IO", `tar ended with ${status}: ${said.trim()}`, { path });
}
