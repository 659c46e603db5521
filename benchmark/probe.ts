// One figure that isn't a race, measured in a process of its own; prints one line of JSON.
//
//   node --expose-gc --import=tsx probe.ts stall|memory|plan N

import { readFileSync } from "node:fs";
import { LengthHistogram, pack, packSync, planSync } from "../index.js";
import { CAPACITY, lengths } from "./lengths.js";

const strategy = "best-fit-decreasing";
const options = { capacity: CAPACITY, strategy };

const probes: Record<string, (n: number, form: string) => Promise<object>> = {
  /** Longest time that the event loop stood still while `pack` ran, median of five jobs. */
  async stall(n) {
    const input = lengths(n);
    await pack(input, options);
    const stalls: number[] = [];
    for (let i = 0; i < 5; i++) {
      globalThis.gc?.();
      await idle();
      let running = true;
      let longest = 0;
      let last = performance.now();
      const beat = (): void => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        if (running) setImmediate(beat);
      };
      setImmediate(beat);
      await pack(input, options);
      await idle();
      running = false;
      stalls.push(longest);
    }
    return { stallMs: median(stalls), worstMs: Math.max(...stalls) };
  },

  /** Highest memory of the whole process, input and output included. */
  async memory(n, form) {
    const input = lengths(n);
    const before = highWater();
    const packing = form === "async" ? await pack(input, options) : packSync(input, options);
    const bytes = highWater();
    return { bytes, bytesPerSequence: bytes / n, before, packCount: packing.packCount };
  },

  /** planSync on the histogram of `n` sequences: the lengths of 10^7 of them, scaled. */
  async plan(n) {
    const drawn = Math.min(n, 10_000_000);
    const counts = [...LengthHistogram.from(lengths(drawn))];
    const scaled = counts.map(([length, count]) => [length, (count * n) / drawn] as const);
    const histogram = LengthHistogram.fromCounts(scaled);
    const times: number[] = [];
    for (let i = 0; i < 300; i++) {
      const started = performance.now();
      planSync(histogram, options);
      if (i >= 100) times.push(performance.now() - started);
    }
    const { packCount, gap, templateCount } = planSync(histogram, options);
    return { milliseconds: median(times), packCount, gap, templateCount };
  },
};

/** Lets everything that waits run first. */
function idle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/** VmHWM: the most memory that the process ever had, in bytes. */
function highWater(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const [name = "", n, form = ""] = process.argv.slice(2);
const probe = probes[name];
if (probe === undefined) throw new Error(`no probe ${name}`);
console.log(JSON.stringify(await probe(Number(n), form)));
