// `npm run bench`: stowage against what there is, in one run on one machine.
//
//   npm run bench -- [--quick] [--sizes 1e4,1e6] [--only best-fit-decreasing,next-fit] [--rounds 9]
//                    [--no-probes] [--no-record]
//
// --quick takes sizes up to 10^5. A full run takes about half an hour on two cores. Beside each row stands
// the limit, an argsort of the same lengths. Where that varied by more than a factor of 1.5 nothing is
// recorded and the command fails: figures of a busy machine say nothing.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CONTESTS, contend, type Entry, median } from "./contest.js";
import { machine, peersPython, ROOT, releaseBinary } from "./environment.js";
import { writeLengths } from "./lengths.js";
import { type Run, targetsTable, timesTable, tooNoisy, writeRecord } from "./report.js";
import { type Probes, power, targetRows } from "./targets.js";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    sizes: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string" },
    "no-probes": { type: "boolean", default: false },
    "no-record": { type: "boolean", default: false },
  },
});

const sizes = (flags.sizes ?? (flags.quick ? "10,100,1e3,1e4,1e5" : "10,100,1e3,1e4,1e5,1e6,1e7"))
  .split(",")
  .map(Number);
const rounds = flags.rounds === undefined ? undefined : Number(flags.rounds);
const only = flags.only?.split(",");
const contests = CONTESTS.filter(({ strategy }) => only?.includes(strategy) ?? true);
if (contests.length === 0 || !sizes.every((n) => Number.isInteger(n) && n > 0)) {
  const names = CONTESTS.map(({ strategy }) => strategy).join(", ");
  console.error(`bench: --sizes takes whole numbers, --only some of: ${names}`);
  process.exit(2);
}

const binary = releaseBinary();
// Children load this binary in place of the one that `npm test` built.
process.env.NAPI_RS_NATIVE_LIBRARY_PATH = binary.path;
const peers = peersPython();
if ("missing" in peers) console.error(`the Python peers are missing: ${peers.missing}`);
const python = "python" in peers ? peers.python : undefined;

const before = yardstick();
const entries: Entry[] = [];
const folder = mkdtempSync(join(tmpdir(), "stowage-bench-"));
try {
  for (const n of sizes) {
    const path = join(folder, `${n}.u32`);
    writeLengths(path, n);
    for (const contest of contests) {
      const found = await contend(contest, n, path, python, rounds ?? roundsFor(n));
      for (const entry of found) progress(entry);
      entries.push(...found);
    }
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const probes: Probes = {
  binaryBytes: binary.bytes,
  ...quieter(before, yardstick()),
  ...(flags["no-probes"] ? {} : measure()),
};

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
};
const run: Run = {
  date: new Date().toISOString(),
  command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
  machine: machine(),
  versions: { stowage: manifest.version, ...peerVersions() },
  entries,
  probes,
  targets: targetRows(entries, probes),
};
console.log(`\n${timesTable(entries, probes)}\n\n${targetsTable(run.targets)}\n`);
if (probes.copyMs !== undefined)
  console.log(`memory: a copy of 400 MB takes ${probes.copyMs.toFixed(0)} ms\n`);
if (!flags["no-record"]) {
  const noise = tooNoisy(probes);
  if (noise === undefined) console.log(`record: ${writeRecord(run)}.csv, .json`);
  else {
    console.error(`bench: nothing is recorded: ${noise}`);
    process.exitCode = 1;
  }
}

/** Enough for a median; short calls vary more. */
function roundsFor(n: number): number {
  if (n <= 1e5) return 41;
  return n <= 1e6 ? 15 : 5;
}

function progress({ n, strategy, contender, call, times, skipped }: Entry): void {
  const middle = median(times);
  const figure = middle === undefined ? `skipped: ${skipped}` : `${middle.toPrecision(3)} ms`;
  console.error(`${power(n)} ${strategy}: ${contender} ${call}: ${figure}`);
}

/** The figures that aren't races. */
function measure(): Probes {
  const small = flags.quick;
  const stall = probe<{ stallMs: number }>("stall", small ? 1e6 : 1e7);
  const tiny = probe<{ milliseconds: number }>("plan", 1e4);
  const huge = probe<{ milliseconds: number }>("plan", 1e9);
  const result: Probes = {
    stallMs: stall.stallMs,
    smallPlanMs: tiny.milliseconds,
    largePlanMs: huge.milliseconds,
  };
  if (small) return result;
  const memory = (form: string): number =>
    probe<{ bytesPerSequence: number }>("memory", 1e8, form).bytesPerSequence;
  return { ...result, memory: { sync: memory("sync"), async: memory("async") } };
}

function probe<T>(name: string, n: number, form = ""): T {
  console.error(`probe: ${name} ${power(n)} ${form}`);
  const script = join(ROOT, "benchmark", "probe.ts");
  const args = ["--expose-gc", "--import=tsx", script, name, String(n), form];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" })) as T;
}

/** The engine against an argsort of the same lengths, in one Rust process. */
function yardstick(): Probes {
  console.error("probe: engine against argsort");
  const largest = String(Math.max(1e4, ...sizes.filter((n) => n <= 1e7)));
  const example = ["-p", "stowage-engine", "--example", "yardstick", "--", largest];
  const output = execFileSync("cargo", ["run", "--release", "--locked", "-q", ...example], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const line = /^n (\d+): ([\d.]+) ms, argsort ([\d.]+) ms, ratio ([\d.]+), spread ([\d.]+)/gm;
  const argsort = [...output.matchAll(line)].map((found) => {
    const [n = 0, ms = 0, argsortMs = 0, ratio = 0, spread = 0] = found.slice(1).map(Number);
    return { n, ms, argsortMs, ratio, spread };
  });
  const [, micros] = /^plan and templates at 1e4: ([\d.]+) us/m.exec(output) ?? [];
  const [, copy] = /^copy of 400 MB: ([\d.]+) ms/m.exec(output) ?? [];
  if (argsort.length === 0 || micros === undefined || copy === undefined)
    throw new Error(`yardstick said: ${output}`);
  return { argsort, enginePlanMs: Number(micros) / 1000, copyMs: Number(copy) };
}

/** The run before or after the races that was quicker, with the larger of the spreads. */
function quieter(a: Probes, b: Probes): Probes {
  const [first = [], second = []] = [a.argsort, b.argsort];
  const argsort = first.map((one, at) => {
    const other = second[at] ?? one;
    const better = one.argsortMs <= other.argsortMs ? one : other;
    return { ...better, spread: Math.max(one.spread, other.spread) };
  });
  return { ...b, argsort };
}

function peerVersions(): Record<string, string> {
  const text = readFileSync(join(ROOT, "benchmark", "peers", "requirements.txt"), "utf8");
  return Object.fromEntries([...text.matchAll(/^([a-z]+)==(.+)$/gm)].map(([, k, v]) => [k, v]));
}
