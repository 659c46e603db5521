// `npm run bench:scale`: what jobs over many machines cost. It prints packs that local mode loses, by
// lengths, capacity and sequences in a group (docs/scale-out.md), and the start of Node with stowage, which
// every task pays.
//
//   npm run bench:scale -- [--sequences 4000000] [--only loss,start]

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LengthHistogram, planSync } from "../index.js";
import { machine, ROOT } from "./environment.js";

const { values: flags } = parseArgs({
  options: {
    sequences: { type: "string", default: "4000000" },
    only: { type: "string", default: "loss,start" },
  },
});

/** Numbers from 0 to 1, from a seed (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function losses(): void {
  const next = uniform(0x9e3779b9);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const kinds: Record<string, () => number> = {
    "log-normal (median 245, sigma 1)": () => 245 * Math.exp(normal()),
    "chat (modes 350, 1400, 6000)": () => {
      const kind = next();
      if (kind < 0.55) return 350 * Math.exp(0.7 * normal());
      return kind < 0.9 ? 1400 * Math.exp(0.6 * normal()) : 6000 * Math.exp(0.5 * normal());
    },
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
      const filled = (part: Uint32Array): { packs: number; tokens: number } => {
        const histogram = LengthHistogram.from(part);
        return { packs: planSync(histogram, { capacity }).packCount, tokens: histogram.tokenCount };
      };
      const all = filled(lengths);
      const cells = sizes.map((size) => {
        const groups = Math.min(Math.floor(count / size), 40, Math.max(4, 400_000 / size));
        const own = Array.from({ length: groups }, (_, g) =>
          filled(lengths.subarray(g * size, (g + 1) * size)),
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

/** User and system seconds of a command, by bash. */
function spent(command: string): number {
  const text = `TIMEFORMAT='%U %S'; time ${command} > /dev/null`;
  const { stderr, status } = spawnSync("bash", ["-c", text], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return sum(stderr.trim().split(" ").map(Number));
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

const wanted = flags.only.split(",");
const { cpu, cores, node, load } = machine();
console.log(
  `${cpu}, ${cores} cores, Node ${node}, load ${load.join(" ")}, ${new Date().toISOString().slice(0, 10)}`,
);
if (wanted.includes("loss")) losses();
if (wanted.includes("start")) start();
