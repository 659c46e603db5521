// What the benchmark needs before it can measure: the addon as it is published, the Python peers, and
// a description of the machine. Everything made here lies under node_modules/.cache.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), "..");
const CACHE = join(ROOT, "node_modules", ".cache", "stowage");

/** The release build (fat link-time optimisation, stripped): its path and size in bytes. */
export function releaseBinary(): { path: string; bytes: number } {
  console.error("building the release binary (minutes at first, seconds when it is up to date)");
  execFileSync("cargo", ["build", "--release", "--locked", "-p", "stowage-node", "--lib"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  const prefix = process.platform === "win32" ? "" : "lib";
  const suffix = { darwin: "dylib", win32: "dll" }[process.platform as string] ?? "so";
  const built = join(targetFolder(), "release", `${prefix}stowage_node.${suffix}`);
  const path = join(CACHE, "stowage.node");
  mkdirSync(CACHE, { recursive: true });
  copyFileSync(built, path);
  return { path, bytes: statSync(path).size };
}

function targetFolder(): string {
  const metadata = execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return (JSON.parse(metadata) as { target_directory: string }).target_directory;
}

/** Python with the peers of `requirements`, or why there is none. */
export function peersPython(
  requirements: string = join(ROOT, "benchmark", "peers", "requirements.txt"),
): { python: string } | { missing: string } {
  const wanted = readFileSync(requirements, "utf8");
  // One environment for each list, named by it: the tests need one package, the benchmark more.
  const folder = join(CACHE, createHash("sha256").update(wanted).digest("hex").slice(0, 12));
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, "requirements.txt");
  if (existsSync(stamp)) return { python };
  console.error("making a virtual environment with the Python peers (a few minutes, once)");
  mkdirSync(CACHE, { recursive: true });
  const found = ["python3", "python"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found === undefined) return { missing: "no Python" };
  const steps: [string, string[]][] = [
    [found, ["-m", "venv", "--clear", folder]],
    [python, ["-m", "pip", "install", "--quiet", "--no-deps", "-r", requirements]],
  ];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) {
      return { missing: stderr.trim().split("\n").at(-1) ?? `${command} ended with ${status}` };
    }
  }
  writeFileSync(stamp, wanted);
  return { python };
}

export interface Machine {
  name: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  rustc: string;
  load: number[];
}

export function machine(): Machine {
  const [first] = os.cpus();
  const cores = os.availableParallelism();
  return {
    name: `${process.platform}-${process.arch}-${cores}cores`,
    cpu: first?.model.trim() ?? "unknown",
    cores,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    rustc: execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim(),
    load: os.loadavg().map((value) => Number(value.toFixed(2))),
  };
}
