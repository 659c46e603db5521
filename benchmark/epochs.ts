// `npm run bench:epochs`: points of the permutation, packs of an epoch, ranks in balance, and streams,
// how well and how fast they pack, beside seqpacker's StreamPacker, in one run.
//
//   npm run bench:epochs -- [--rounds 5] [--no-peers] [--no-record]
//
// Two minutes once the release builds are there. Memory over 1e9 sequences is a run of its own:
// cargo run --release -p stowage-engine --example streams 1000000000

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median, Racer } from "./contest.js";
import { machine, peersPython, ROOT, releaseBinary } from "./environment.js";
import type { Figure } from "./epoch-figures.js";
import { CAPACITY, lengths, writeLengths } from "./lengths.js";
import { targetsTable } from "./report.js";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    "no-peers": { type: "boolean", default: false },
    "no-record": { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds);

/** Sequences of the race: seqpacker's harmonic strategy takes seconds for them. */
const COUNT = 300_000;

// Loaded in place of the binary that `npm test` built.
process.env.NAPI_RS_NATIVE_LIBRARY_PATH = releaseBinary().path;
const { balance, efficiency, packs, paths, viaAdd } = await import("./epoch-figures.js");

const figures: Figure[] = [];
add(points());
add(packs(1_000_000));
add(balance());
add(efficiency());
add(engine());
add(await paths(lengths(COUNT), rounds));
if (!flags["no-peers"]) add(await race());

console.log(`\n${targetsTable(figures.map(toRow))}\n`);
if (!flags["no-record"]) console.log(`record: ${record()}`);

function add(found: readonly Figure[]): void {
  figures.push(...found);
  for (const { what, value, unit } of found) console.error(`${what}: ${value} ${unit}`);
}

/** Points of the permutation, one after another in native code. */
function points(): Figure[] {
  const rows = example("acceptance", "0").matchAll(/^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$/gm);
  return Array.from(rows, ([, n, free]) => ({
    what: `point of a permutation of ${Number(n).toLocaleString("en-US")}`,
    value: Number(free),
    unit: "ns",
    most: 30,
  }));
}

/** Streams in native code alone, 10 million sequences each. */
function engine(): Figure[] {
  const rows = example("streams", "10000000").matchAll(/^\| ([a-z-]+) \| ([\d.]+) \|/gm);
  return Array.from(rows, ([, strategy, rate]) => ({
    what: `stream ${strategy}, engine alone`,
    value: Number(rate),
    unit: "M sequences/s",
    least: 10,
  }));
}

function example(name: string, ...args: string[]): string {
  console.error(`example ${name}`);
  const command = ["run", "--release", "--locked", "-q", "-p", "stowage-engine", "--example", name];
  return execFileSync("cargo", [...command, "--", ...args], { cwd: ROOT, encoding: "utf8" });
}

/** StreamPacker.add against seqpacker's, in turns on the same lengths. */
async function race(): Promise<Figure[]> {
  const peers = peersPython();
  if ("missing" in peers) throw new Error(`no Python peers: ${peers.missing}; or say --no-peers`);
  const folder = mkdtempSync(join(tmpdir(), "stowage-epochs-"));
  const path = join(folder, "lengths.u32");
  const found: Figure[] = [];
  try {
    writeLengths(path, COUNT);
    for (const [strategy, theirs] of [
      ["next-fit", "nf"],
      ["harmonic", "hk"],
    ] as const) {
      const script = join(ROOT, "benchmark", "peers", "bench_peers.py");
      const serve = [script, path, String(CAPACITY), "--serve", "seqpacker", theirs, "stream"];
      const entry = { n: COUNT, strategy, contender: "seqpacker", call: "stream" } as const;
      const racer = new Racer({ ...entry, times: [] }, [peers.python, ...serve]);
      const ours = viaAdd(lengths(COUNT), strategy);
      const times: number[] = [];
      try {
        await racer.prepare();
        for (let warmUp = 0; warmUp < 5; warmUp++) ours();
        const turns = theirs === "nf" ? 3 * rounds : rounds; // short ones vary more
        for (let turn = 0; turn < turns; turn++) {
          times.push(ours());
          await racer.run();
        }
      } finally {
        racer.leave();
      }
      const { times: rival, skipped } = racer.entry;
      if (skipped !== undefined) throw new Error(`seqpacker ${theirs}: ${skipped}`);
      const rate = COUNT / (median(rival) ?? Number.NaN) / 1000;
      const ratio = median(times.map((time, round) => rival[round]! / time)) ?? Number.NaN;
      const what = `stream ${strategy}, seqpacker's StreamPacker`;
      found.push({ what, value: round(rate, 2), unit: "M sequences/s" });
      const against = `stream ${strategy}, StreamPacker.add against seqpacker's`;
      found.push({ what: against, value: round(ratio, 1), unit: "×", least: 5 });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return found;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function toRow(figure: Figure): Parameters<typeof targetsTable>[0][number] {
  const { what, value, unit, least, most } = figure;
  const limit = least ?? most;
  const target = limit === undefined ? "" : `at ${least === undefined ? "most" : "least"} ${limit}`;
  return { what, target, measured: `${value} ${unit}`.trim(), met: isMet(figure) };
}

function isMet({ value, least, most }: Figure): boolean | undefined {
  if (least !== undefined) return value >= least;
  return most === undefined ? undefined : value <= most;
}

function record(): string {
  const on = machine();
  const date = new Date().toISOString();
  const path = join(ROOT, "benchmark", "record", `epochs-${date.slice(0, 10)}-${on.name}.csv`);
  const command = ["npm run bench:epochs --", ...process.argv.slice(2)].join(" ").trim();
  const lines = [
    `# ${date} | ${on.cpu} | ${on.system} | Node ${on.node} | load ${on.load.join(" ")} | ${command}`,
    "what,value,unit,at_least,at_most,reached",
    ...figures.map((figure) => {
      const { what, value, unit, least = "", most = "" } = figure;
      return [`"${what}"`, value, unit, least, most, isMet(figure) ?? ""].join(",");
    }),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
