// `npm run bench:plans`: how near to optimal plans are, at which cost, beside seqpacker's packs.
//
//   npm run bench:plans -- [--only chat,web] [--effort 1] [--no-peers] [--no-record]
//
// Plans every histogram of benchmark/instances and the two published ones with `auto` and `optimal`,
// on one thread, and some with a limit on sequences per pack; proves each plan with plan.verify.
// seqpacker packs the same lengths with its best strategy that is not quadratic (obfd). Fails where a
// plan takes more than 1.02 times its units. Searches that take longer than 50 ms are cancelled at seven moments
// as well, and the longest wait is told. Generated families: `cargo run --release -p stowage-engine
// --example families`.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LengthHistogram, plan as planJob } from "../index.js";
import { type Machine, machine, peersPython, ROOT } from "./environment.js";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    effort: { type: "string", default: "1" },
    "no-peers": { type: "boolean", default: false },
    "no-record": { type: "boolean", default: false },
  },
});

interface Instance {
  name: string;
  capacity: number;
  histogram: LengthHistogram;
}

interface Row {
  name: string;
  limit: number | undefined;
  strategy: "auto" | "optimal";
  packs: number;
  lowerBound: number;
  kind: string;
  units: number;
  milliseconds: number;
  rival: number | undefined;
}

/** Limits on sequences per pack that are near what tokens ask for: the hard ones. */
const LIMITS: Readonly<Record<string, readonly number[]>> = {
  wikipedia512: [3, 6],
  squad384: [3],
  "alpaca-512": [16],
  "template-2048": [18],
  "web-2048": [5],
  "chat-8192": [7],
};

/** Counts per length: `length count`, or counts alone from length 1 on; `#` starts a comment. */
function read(path: string): LengthHistogram {
  const lines = readFileSync(path, "utf8").split("\n");
  const rows = lines.map((line) => line.replace(/#.*/, "").trim()).filter((line) => line !== "");
  return LengthHistogram.fromCounts(
    rows.map((row, index): [number, number] => {
      const [first = 0, second] = row.split(/\s+/).map(Number);
      return second === undefined ? [index + 1, first] : [first, second];
    }),
  );
}

function instances(): Instance[] {
  const published = ["wikipedia512", "squad384"].map((name) => ({
    name,
    path: join(ROOT, "examples", "data", `${name}_histogram.txt`),
  }));
  const folder = join(ROOT, "benchmark", "instances");
  const made = readdirSync(folder)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => ({ name: file.replace(/\.txt$/, ""), path: join(folder, file) }));
  const wanted = flags.only?.split(",");
  return [...published, ...made]
    .filter(({ name }) => wanted?.some((part) => name.includes(part)) ?? true)
    .map(({ name, path }) => ({
      name,
      capacity: Number(/\d+$/.exec(name)?.[0]),
      histogram: read(path),
    }));
}

/** Packs of seqpacker's obfd for the same lengths, if it is there. */
function rivalPacks({ histogram, capacity }: Instance, python: string): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), "stowage-plans-"));
  try {
    const lengths = new Uint32Array(histogram.sequenceCount);
    let at = 0;
    for (const [length, count] of histogram) {
      lengths.fill(length, at, at + count);
      at += count;
    }
    const path = join(folder, "lengths.u32");
    writeFileSync(path, Buffer.from(lengths.buffer));
    const script = join(ROOT, "benchmark", "peers", "bench_peers.py");
    const call = ["--one", "seqpacker", "obfd", "pack_flat", "--repeats", "1"];
    const { stdout } = spawnSync(python, [script, path, String(capacity), ...call], {
      encoding: "utf8",
    });
    return (JSON.parse(stdout) as { packs: number }).packs;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  { name, capacity, histogram }: Instance,
  strategy: Row["strategy"],
  limit: number | undefined,
): Promise<Omit<Row, "rival">> {
  let units = 0;
  const started = performance.now();
  const plan = await planJob(histogram, {
    capacity,
    strategy,
    effort: Number(flags.effort),
    threads: 1,
    ...(limit === undefined ? {} : { maxSequencesPerPack: limit }),
    // The closing report tells the units spent.
    onProgress: ({ stage, total }) => {
      if (stage === "plan") units = total;
    },
  });
  const milliseconds = performance.now() - started;
  plan.verify(histogram);
  const base =
    strategy === "optimal" ? 2 ** 31 : 2 ** 22 + 128 * Math.min(histogram.sequenceCount, 2 ** 20);
  const budget = base * Number(flags.effort);
  if (units > budget * 1.02) {
    console.error(`${name}, ${strategy}: ${units} units of ${budget}`);
    process.exitCode = 1;
  }
  const { packCount: packs, lowerBound } = plan;
  return {
    name,
    limit,
    strategy,
    packs,
    lowerBound,
    kind: plan.certificate.kind,
    units,
    milliseconds,
  };
}

/** Milliseconds from a cancel to the rejected promise, the longest of seven moments. */
async function cancelled(
  { capacity, histogram }: Instance,
  strategy: Row["strategy"],
  milliseconds: number,
): Promise<number> {
  let longest = 0;
  for (let moment = 1; moment < 8; moment++) {
    const controller = new AbortController();
    const { signal } = controller;
    const effort = Number(flags.effort);
    const job = planJob(histogram, { capacity, strategy, effort, threads: 1, signal });
    const ended = job.then(
      () => undefined,
      () => performance.now(),
    );
    await new Promise((resolve) => setTimeout(resolve, (milliseconds * moment) / 8));
    const asked = performance.now();
    controller.abort();
    longest = Math.max(longest, ((await ended) ?? asked) - asked);
  }
  return longest;
}

function cells(row: Row): string[] {
  const whole = (value: number): string => value.toLocaleString("en-US");
  return [
    row.limit === undefined ? row.name : `${row.name}, at most ${row.limit}`,
    row.strategy,
    whole(row.packs),
    `${whole(row.lowerBound)} (${row.kind})`,
    whole(row.packs - row.lowerBound),
    (row.units / 1e6).toFixed(1),
    row.milliseconds.toFixed(1),
    row.rival === undefined ? "" : whole(row.rival),
  ];
}

function record(rows: readonly Row[], wait: number, on: Machine): string {
  const date = new Date().toISOString();
  const path = join(ROOT, "benchmark", "record", `plans-${date.slice(0, 10)}-${on.name}.csv`);
  const command = ["npm run bench:plans --", ...process.argv.slice(2)].join(" ");
  const lines = [
    `# ${date} | ${on.cpu} | ${on.system} | Node ${on.node} | load ${on.load.join(" ")} | ${command}`,
    `# cancelled at seven moments each: ${wait.toFixed(1)} ms to the rejection at most`,
    "instance,limit,strategy,packs,lower_bound,kind,gap,units,milliseconds,seqpacker_obfd_packs",
    ...rows.map((row) =>
      [
        ...[row.name, row.limit ?? "", row.strategy, row.packs, row.lowerBound, row.kind],
        ...[row.packs - row.lowerBound, row.units, row.milliseconds.toFixed(2), row.rival ?? ""],
      ].join(","),
    ),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

const peers = flags["no-peers"] ? { missing: "--no-peers" } : peersPython();
if ("missing" in peers) console.error(`no packs of seqpacker: ${peers.missing}`);
console.log(
  "| instance | strategy | packs | lower bound | gap | units (M) | ms | seqpacker obfd |",
);
console.log("|---|---|---:|---:|---:|---:|---:|---:|");
const rows: Row[] = [];
let wait = 0;
for (const instance of instances()) {
  const rival = "python" in peers ? rivalPacks(instance, peers.python) : undefined;
  const limits = LIMITS[instance.name] ?? [];
  const runs = [
    ["auto", undefined],
    ["optimal", undefined],
    ...limits.map((limit) => ["optimal", limit] as const),
  ] as const;
  for (const [strategy, limit] of runs) {
    const found = await measure(instance, strategy, limit);
    // seqpacker has no limit on sequences.
    const row = { ...found, rival: limit === undefined ? rival : undefined };
    rows.push(row);
    console.log(`| ${cells(row).join(" | ")} |`);
    if (limit === undefined && row.milliseconds > 50)
      wait = Math.max(wait, await cancelled(instance, strategy, row.milliseconds));
  }
}
console.log(`\ncancelled at seven moments each: ${wait.toFixed(1)} ms to the rejection at most`);
if (!flags["no-record"]) console.log(`record: ${record(rows, wait, machine())}`);
