// One contender in a process of its own. It loads the lengths, runs once, has the result checked, warms
// up, and prints a line of JSON; then, for each line on standard input, it runs once more, or a burst
// of times if a run is short, and prints the milliseconds of a run. peers/bench_peers.py --serve does
// the same for Python.
//
//   node --expose-gc --import=tsx contender.ts CONTENDER STRATEGY LENGTHS.u32 CAPACITY
//
// Contenders: sync (packSync, one thread), shared (packSync, all cores), threads (pack, all cores),
// javascript (the baseline).

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pack, packSync } from "../index.js";
import { check, packLengths } from "./peers/pure_javascript.mjs";

interface Result {
  offsets: Uint32Array;
  sequences: Uint32Array;
}

/** What a contender says of itself before it races. */
export interface Ready {
  packs: number;
  firstMs: number;
  peakRssMiB: number;
}

const [contender = "", strategy = "", path = "", capacityText] = process.argv.slice(2);
const capacity = Number(capacityText);
const bytes = readFileSync(path);
const lengths = new Uint32Array(
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
);

const contenders: Record<string, () => Result | Promise<Result>> = {
  sync: () => packSync(lengths, { capacity, strategy, threads: 1 }),
  shared: () => packSync(lengths, { capacity, strategy }),
  threads: () => pack(lengths, { capacity, strategy }),
  javascript: () => packLengths(lengths, capacity),
};

/** Runs of a burst at least and at most, its milliseconds, and those below which a run is short: a single
 * one would tell how cold the caches are after the others' turns. */
const BURST = { least: 20, most: 2000, ms: 10 };
const SHORT = 5;

async function time(
  run: () => Result | Promise<Result>,
  times: number,
): Promise<{ ms: number; result: Result }> {
  globalThis.gc?.();
  const started = performance.now();
  let result = await run();
  for (let i = 1; i < times; i++) result = await run();
  return { ms: (performance.now() - started) / times, result };
}

async function main(): Promise<void> {
  const run = contenders[contender];
  if (run === undefined) throw new Error(`no contender ${contender}`);
  const first = await time(run, 1);
  const peakRssMiB = process.resourceUsage().maxRSS / 1024;
  check(lengths, capacity, first.result);
  const packs = first.result.offsets.length - 1;
  // The compiler of JavaScript needs some runs before it knows what the code does.
  const warmUps = first.ms < 2 ? 500 : first.ms < 50 ? 20 : 2;
  let warm = first;
  for (let i = 0; i < warmUps; i++) warm = await time(run, 1);
  const ready: Ready = { packs, firstMs: first.ms, peakRssMiB };
  console.log(JSON.stringify(ready));
  const burst = Math.round(Math.min(BURST.most, Math.max(BURST.least, BURST.ms / warm.ms)));
  const times = warm.ms < SHORT ? burst : 1;
  for await (const _ of createInterface(process.stdin)) console.log((await time(run, times)).ms);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
