// How fast packs of an epoch are drawn, how busy balanced ranks are, and how fast and how well a
// stream packs. `npm run bench:epochs`. The native parts alone, with 1e9 sequences for the memory:
// the engine's examples `acceptance` (points of the permutation) and `streams`.

import { readFileSync } from "node:fs";
import os from "node:os";
import {
  LengthHistogram,
  LengthIndex,
  packSync,
  planSync,
  type StreamOptions,
  StreamPacker,
} from "../index.js";

const count = 1_000_000;

/** Log-normal about 245 tokens with sigma 1, from a fixed sequence of numbers. */
function logNormal(capacity: number): Uint32Array {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Uint32Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return Math.min(capacity, Math.max(1, Math.round(245 * Math.exp(normal))));
  });
}

/** Seconds of the best of three runs. */
function best(run: () => void): number {
  const times = [0, 1, 2].map(() => {
    const start = performance.now();
    run();
    return (performance.now() - start) / 1000;
  });
  return Math.min(...times);
}

console.log(`${os.cpus()[0]?.model}, ${os.cpus().length} cores, load ${os.loadavg()[0]}`);
const lengths = logNormal(2048);
const plan = planSync(LengthHistogram.from(lengths), { capacity: 2048 });
const index = new LengthIndex(lengths);
const epoch = plan.epoch(index, { seed: 1, epoch: 0 });
const indexing = best(() => void new LengthIndex(lengths));
const whole = best(() => void epoch.toPacking());
const single = best(() => {
  for (const pack of epoch) if (pack.length === 0) throw new Error("no pack is empty");
});
console.log(`index: ${(count / indexing / 1e6).toFixed(1)} M sequences/s`);
console.log(`toPacking: ${(count / whole / 1e6).toFixed(1)} M sequences/s`);
console.log(`packAt: ${(count / single / 1e6).toFixed(1)} M sequences/s`);

const file = new URL("instances/chat-8192.txt", import.meta.url);
const lines = readFileSync(file, "utf8").split("\n");
const pairs = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(" ").map(Number));
const chat = planSync(LengthHistogram.fromCounts(pairs as [number, number][]), { capacity: 8192 });
for (const worldSize of [8, 64]) {
  const { shuffled, balanced } = chat.balance({ worldSize });
  const shares = [shuffled, balanced].map(({ usefulShare }) => usefulShare.toFixed(4));
  console.log(
    `chat-8192, ${worldSize} ranks: ${shares.join(" -> ")} useful, correlation ${balanced.correlation.toFixed(3)}`,
  );
}

const offline = packSync(lengths, { capacity: 2048, strategy: "best-fit-decreasing" }).packCount;
const ids = Float64Array.from({ length: count }, (_, id) => id);
for (const strategy of ["next-fit", "harmonic", "best-fit"] satisfies StreamOptions["strategy"][]) {
  let packs = 0;
  const seconds = best(() => {
    const packer = new StreamPacker({ capacity: 2048, strategy });
    packs = 0;
    for (let at = 0; at < count; at += 65_536)
      packs += packer.add(ids.subarray(at, at + 65_536), lengths.subarray(at, at + 65_536)).length;
    packs += packer.finish().length;
  });
  const above = (100 * (packs / offline - 1)).toFixed(2);
  console.log(
    `stream ${strategy}: ${(count / seconds / 1e6).toFixed(1)} M sequences/s, ${above} % above offline`,
  );
}
