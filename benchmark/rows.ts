// How fast `collate` makes rows, seen from Node: bytes of input ids per second of processor time, of
// all threads together, collector included; into new arrays, and into those of the call before.
// Beside it what new memory allows: three arrays of the same sizes, each filled by one copy.
// `npm run bench:rows -- [--gigabytes 1]`, whose last part (reading.ts) reads a data set back; the target is 1 GB/s of ids for ids, positions and segments. The engine
// alone: its example `rows_speed`.

import os from "node:os";
import { parseArgs } from "node:util";
import { type CollateOptions, collate, packSync, type Rows, sequenceLengths } from "../index.js";
import { CAPACITY, lengths } from "./lengths.js";
import { reading } from "./reading.js";

const { values: flags } = parseArgs({ options: { gigabytes: { type: "string", default: "1" } } });
const count = 60_000;
const rounds = 15;

/** Bytes per second of processor time, in GB: the median of some runs, after one that warms up. */
function speed(run: () => number): number {
  run();
  const speeds = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    let bytes = 0;
    // Long enough for the clock, which counts in milliseconds on some systems.
    while (bytes < 100e6) bytes += run();
    const { user, system } = process.cpuUsage(before);
    return bytes / (user + system) / 1000;
  });
  return speeds.sort((a, b) => a - b)[rounds >> 1] ?? 0;
}

const each = lengths(count);
const offsets = new Uint32Array(count + 1);
each.forEach((length, k) => {
  offsets[k + 1] = (offsets[k] ?? 0) + length;
});
const values = new Int32Array(offsets[count] ?? 0).map((_, k) => k % 32_000);
const tokens = { values, offsets };
const packing = packSync(sequenceLengths(tokens), { capacity: CAPACITY }).shuffled(1);

console.log(`${os.cpus()[0]?.model}, ${os.cpus().length} cores, load ${os.loadavg()[0]}`);
console.log(`${values.length} tokens in ${packing.packCount} packs of ${CAPACITY}, shuffled`);
console.log(
  "packs a call | ids, positions, segments | reusing arrays | with labels and mask | reusing arrays | three new arrays alone",
);
const least: CollateOptions = { labels: false, attentionMask: false };
for (const packs of [1, 8, 64, 512, 4096]) {
  let next = 0;
  const collated = (options: CollateOptions, reusing = false) => {
    let last: Rows | undefined;
    return (): number => {
      const start = next + packs <= packing.packCount ? next : 0;
      next = start + packs;
      const range = { start, end: Math.min(next, packing.packCount) };
      const rows = collate(packing, tokens, { ...options, packs: range, reuse: last });
      if (reusing) last = rows;
      return rows.inputIds.byteLength;
    };
  };
  const copied = (): number => {
    const source = values.subarray(0, packs * CAPACITY);
    for (let array = 0; array < 3; array++) new Int32Array(source.length).set(source);
    return source.byteLength;
  };
  const ways = [collated(least), collated(least, true), collated({}), collated({}, true), copied];
  const figures = ways.map(speed);
  console.log([packs, ...figures.map((figure) => `${figure.toFixed(2)} GB/s`)].join(" | "));
}

await reading(Number(flags.gigabytes));
