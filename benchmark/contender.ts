// Times one contender in a process of its own and prints one line of JSON, as peers/bench_peers.py
// does for Python: the result is checked once, short calls are warmed up, garbage is collected before
// each run.
//
//   node --expose-gc --import=tsx contender.ts CONTENDER STRATEGY LENGTHS.u32 CAPACITY REPEATS BUDGET_MS
//
// Contenders: sync (packSync, one thread), threads (pack, all cores), javascript (the baseline).

import { readFileSync } from "node:fs";
import { pack, packSync } from "../index.js";
import { check, packLengths } from "./peers/pure_javascript.mjs";

interface Result {
  offsets: Uint32Array;
  sequences: Uint32Array;
}

export interface Timing {
  packs: number;
  bestMs: number;
  medianMs: number;
  firstMs: number;
  repeats: number;
  peakRssMiB: number;
}

const [contender = "", strategy = "", path = "", capacityText, repeatsText, budgetText] =
  process.argv.slice(2);
const capacity = Number(capacityText);
const bytes = readFileSync(path);
const lengths = new Uint32Array(
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
);

const contenders: Record<string, () => Result | Promise<Result>> = {
  sync: () => packSync(lengths, { capacity, strategy }),
  threads: () => pack(lengths, { capacity, strategy }),
  javascript: () => packLengths(lengths, capacity),
};

async function time(run: () => Result | Promise<Result>): Promise<{ ms: number; result: Result }> {
  globalThis.gc?.();
  const started = performance.now();
  const result = await run();
  return { ms: performance.now() - started, result };
}

async function main(): Promise<Timing> {
  const run = contenders[contender];
  if (run === undefined) throw new Error(`no contender ${contender}`);
  const first = await time(run);
  const peakRssMiB = process.resourceUsage().maxRSS / 1024;
  check(lengths, capacity, first.result);
  const packs = first.result.offsets.length - 1;
  // The compiler of JavaScript needs some runs before it knows what the code does.
  const warmUps = first.ms < 50 ? 20 : 2;
  for (let i = 0; i < warmUps; i++) await run();
  const affordable = Math.floor(Number(budgetText) / first.ms);
  const wanted = Number(repeatsText) * (first.ms > 10 ? 1 : 5);
  const times: number[] = [];
  for (let i = 0; i < Math.max(1, Math.min(wanted, affordable)); i++)
    times.push((await time(run)).ms);
  times.sort((a, b) => a - b);
  const medianMs = times[times.length >> 1] ?? Number.NaN;
  const [bestMs = Number.NaN] = times;
  return { packs, bestMs, medianMs, firstMs: first.ms, repeats: times.length, peakRssMiB };
}

main().then(
  (timing) => console.log(JSON.stringify(timing)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
