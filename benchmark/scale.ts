// `npm run bench:scale`: what jobs over many machines cost. It prints
//
//   * nanoseconds of a place (seat) and of a pack of the layout, at 3e9 sequences;
//   * packs that local mode loses, by lengths, capacity and sequences in a group (docs/scale-out.md);
//   * count, assign and write in MB of tokens per second of processor time, beside packDataset, and the
//     bytes that go through the shuffle per byte of tokens;
//   * the start of Node with stowage, which every task pays;
//   * Spark beside packDataset on the same data, with the memory of an executor; needs Java 17.
//
//   npm run bench:scale -- [--sequences 4000000] [--rows 400000] [--only seat,loss,unlike,steps,start,spark]

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LengthHistogram, packDataset, planSync } from "../index.js";
import { pythonWith } from "../interop/environment.mjs";
import { assignPartition, countPartition, initJob, planJob, writeShard } from "../job.js";
import { machine, ROOT } from "./environment.js";
import { generator } from "./lengths.js";

const { values: flags } = parseArgs({
  options: {
    sequences: { type: "string", default: "4000000" },
    rows: { type: "string", default: "400000" },
    only: { type: "string", default: "seat,loss,unlike,steps,start,spark" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "stowage-scale-"));

/** Packs and tokens of one plan. */
function filled(lengths: Uint32Array, capacity: number): { packs: number; tokens: number } {
  const histogram = LengthHistogram.from(lengths);
  return { packs: planSync(histogram, { capacity }).packCount, tokens: histogram.tokenCount };
}

/** Numbers of the standard normal distribution, by Box and Muller. */
function normals(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Lengths of conversations: three log-normal modes. */
function chat(next: () => number, normal: () => number): number {
  const kind = next();
  if (kind < 0.55) return 350 * Math.exp(0.7 * normal());
  return kind < 0.9 ? 1400 * Math.exp(0.6 * normal()) : 6000 * Math.exp(0.5 * normal());
}

function losses(): void {
  const next = generator(0x9e3779b9);
  const normal = normals(next);
  const kinds: Record<string, () => number> = {
    "log-normal (median 245, sigma 1)": () => 245 * Math.exp(normal()),
    "chat (modes 350, 1400, 6000)": () => chat(next, normal),
  };
  const count = Number(flags.sequences);
  const sizes = [1e3, 1e4, 1e5, 1e6].filter((size) => size <= count / 4);
  console.log(
    `\nlocal mode: percent more packs (packs in a group), one plan of ${count} sequences against groups of n`,
  );
  console.log(`| lengths, capacity | ${sizes.map((size) => `n = ${size}`).join(" | ")} |`);
  console.log(`|---|${sizes.map(() => "---|").join("")}`);
  for (const [kind, draw] of Object.entries(kinds)) {
    for (const capacity of [2048, 8192, 32768]) {
      const lengths = Uint32Array.from({ length: count }, () =>
        Math.max(1, Math.min(capacity, Math.round(draw()))),
      );
      const all = filled(lengths, capacity);
      const cells = sizes.map((size) => {
        const groups = Math.min(Math.floor(count / size), 40, Math.max(4, 400_000 / size));
        const own = Array.from({ length: groups }, (_, g) =>
          filled(lengths.subarray(g * size, (g + 1) * size), capacity),
        );
        const [packs, tokens] = [
          sum(own.map((each) => each.packs)),
          sum(own.map((each) => each.tokens)),
        ];
        const more = (100 * packs * all.tokens) / (all.packs * tokens) - 100;
        return `${more.toFixed(4)} (${Math.round(packs / groups)})`;
      });
      console.log(`| ${kind}, ${capacity} | ${cells.join(" | ")} |`);
    }
  }
}

/** What groups lose that don't look alike. */
function unlike(): void {
  const [groups, size, capacity] = [20, 50_000, 8192];
  const next = generator(0x2545f491);
  const normal = normals(next);
  const of = (draw: (group: number) => number): Uint32Array =>
    Uint32Array.from({ length: groups * size }, (_, k) =>
      Math.max(1, Math.min(capacity, Math.round(draw(Math.floor(k / size))))),
    );
  const alike = of(() => chat(next, normal));
  const median = (group: number): number => 300 + (group * 3700) / (groups - 1);
  const cases: Record<string, Uint32Array> = {
    "alike (chat)": alike,
    "log-normal, medians from 300 to 4,000": of((group) => median(group) * Math.exp(normal())),
    "chat, sorted by length": alike.slice().sort(),
    "chat, and one group of documents of some 5,000 tokens": of((group) =>
      group === 0 ? 5000 * Math.exp(0.1 * normal()) : chat(next, normal),
    ),
  };
  console.log(
    `\n${groups} groups of ${size} sequences, capacity ${capacity}, percent more packs than one plan:`,
  );
  console.log("| groups | loss |\n|---|---|");
  for (const [name, lengths] of Object.entries(cases)) {
    const all = filled(lengths, capacity).packs;
    const own = Array.from(
      { length: groups },
      (_, g) => filled(lengths.subarray(g * size, (g + 1) * size), capacity).packs,
    );
    console.log(`| ${name} | ${(100 * (sum(own) / all - 1)).toFixed(4)} |`);
  }
}

/** Seconds of processor time of this process and what it waits for. */
async function busy(work: () => Promise<unknown>): Promise<number> {
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return (user + system) / 1e6;
}

async function steps(source: string): Promise<void> {
  const options = { input: source, format: "parquet", capacity: 2048, threads: 1 };
  let tokens = 0;
  const single = await busy(async () => {
    tokens = (await packDataset({ ...options, output: join(folder, "single") })).tokensIn;
  });
  const job = join(folder, "job");
  const { threads, ...given } = options;
  await initJob(job, {
    ...given,
    output: join(folder, "packed"),
    mode: "shuffle",
    partitionSize: 2 ** 40,
  });
  const count = await busy(() => countPartition(job, 0, { threads }));
  let shards = 0;
  const plan = await busy(async () => {
    ({ shards } = await planJob(job, { threads }));
  });
  const assign = await busy(() => assignPartition(job, 0, { threads }));
  const write = await busy(() => writeShard(job, [0, shards - 1], { threads }));
  const rate = (seconds: number): string => ((4 * tokens) / seconds / 1e6).toFixed(0);
  console.log(
    `\nsteps, MB of tokens (4 bytes each) per second of processor time, one thread, ${tokens} tokens:`,
  );
  console.log(
    `packDataset ${rate(single)}, count ${rate(count)}, assign ${rate(assign)}, write ${rate(write)}; plan ${plan.toFixed(3)} s`,
  );
  const runs = sum(
    readdirSync(join(job, "runs")).map((name) => statSync(join(job, "runs", name)).size),
  );
  console.log(
    `through the shuffle by files: ${(runs / (4 * tokens)).toFixed(3)} bytes per byte of tokens (ids of 4 bytes)`,
  );
}

/** User and system seconds of a command, by bash. */
function spent(command: string): number {
  const text = `TIMEFORMAT='%U %S'; time ${command} > /dev/null`;
  const { stderr, status } = spawnSync("bash", ["-c", text], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return sum(stderr.trim().split(" ").map(Number));
}

function seat(): void {
  const args = [
    "run",
    "--release",
    "--locked",
    "--quiet",
    "-p",
    "stowage-engine",
    "--example",
    "locate",
  ];
  console.log(`\n${execFileSync("cargo", args, { cwd: ROOT, encoding: "utf8" }).trim()}`);
}

function start(): void {
  const times = (command: string): string => {
    const found = Array.from({ length: 9 }, () => spent(command)).sort((a, b) => a - b);
    return found[4]!.toFixed(3);
  };
  const main = join(ROOT, "dist", "cli", "main.js");
  const task = times(`'${process.execPath}' '${main}' job spark-script`);
  const empty = times(`'${process.execPath}' -e 0`);
  console.log(
    `\nstart of a task: ${task} s of processor time (median of 9), Node alone ${empty} s`,
  );
}

function spark(): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "interop", "spark.mjs"), "bench"],
    { encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  console.log(`\nSpark:\n${stdout}`);
  if (status !== 0) throw new Error(stderr);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

const wanted = flags.only.split(",");
const { cpu, cores, node, load } = machine();
console.log(
  `${cpu}, ${cores} cores, Node ${node}, load ${load.join(" ")}, ${new Date().toISOString().slice(0, 10)}`,
);
try {
  if (wanted.includes("seat")) seat();
  if (wanted.includes("loss")) losses();
  if (wanted.includes("unlike")) unlike();
  if (wanted.includes("steps")) {
    mkdirSync(folder, { recursive: true });
    const source = join(folder, "source.parquet");
    const make = [join(ROOT, "interop", "make_source.py"), source, "--sequences", flags.rows];
    execFileSync(pythonWith("spark"), [...make, "--max-length", "2048"]);
    await steps(source);
  }
  if (wanted.includes("start")) start();
  if (wanted.includes("spark")) spark();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
