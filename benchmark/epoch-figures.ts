// What `npm run bench:epochs` measures within its own process. Loaded after the binary is chosen.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  LengthHistogram,
  LengthIndex,
  packStream,
  packSync,
  planSync,
  type StreamOptions,
  StreamPacker,
} from "../index.js";
import { ROOT } from "./environment.js";
import { CAPACITY, lengths } from "./lengths.js";

/** One measured value, and what it should be. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  least?: number;
  most?: number;
}

type Streaming = NonNullable<StreamOptions["strategy"]>;
const strategies: readonly Streaming[] = ["next-fit", "harmonic", "best-fit"];

/** Sequences that cross in one call. */
const AT_ONCE = 4096;

/** Milliseconds of a call. */
function time(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function best(times: readonly number[], digits: number): number {
  return Number(Math.min(...times).toFixed(digits));
}

/** Index, whole epochs, and packs one by one in random order. */
export function packs(count: number): Figure[] {
  const given = lengths(count);
  const plan = planSync(LengthHistogram.from(given), { capacity: CAPACITY });
  const index = new LengthIndex(given);
  const epoch = plan.epoch(index, { seed: 1, epoch: 0 });
  const { packCount } = epoch;
  const order = Uint32Array.from({ length: packCount }, (_, k) => (k * 7919) % packCount);
  const perSequence = (run: () => void): number =>
    best(
      [0, 1, 2, 3, 4].map(() => (time(run) * 1e6) / count),
      1,
    );
  const perPack = [0, 1, 2, 3, 4].map(() => {
    const passed = time(() => {
      for (const k of order) epoch.packAt(k);
    });
    return (passed * 1e6) / packCount;
  });
  const size = (count / packCount).toFixed(1);
  return [
    {
      what: "LengthIndex, a sequence",
      value: perSequence(() => new LengthIndex(given)),
      unit: "ns",
    },
    { what: "toPacking, a sequence", value: perSequence(() => epoch.toPacking()), unit: "ns" },
    { what: `packAt, a pack of ${size} sequences`, value: best(perPack, 0), unit: "ns" },
  ];
}

/** How busy ranks are, in a seeded order and in balance. */
export function balance(): Figure[] {
  const text = readFileSync(join(ROOT, "benchmark", "instances", "chat-8192.txt"), "utf8");
  const rows = text.split("\n").filter((line) => /^\d/.test(line));
  const counts = rows.map((line) => line.split(" ").map(Number) as [number, number]);
  const plan = planSync(LengthHistogram.fromCounts(counts), { capacity: 8192 });
  return [[8, 0.99] as const, [64, 0.98] as const].flatMap(([worldSize, least]) => {
    const { shuffled, balanced } = plan.balance({ worldSize, exact: true });
    const what = `chat-8192, ${worldSize} ranks`;
    const four = (value: number): number => Number(value.toFixed(4));
    return [
      { what: `${what}, useful share, shuffled`, value: four(shuffled.usefulShare), unit: "" },
      {
        what: `${what}, useful share, balanced`,
        value: four(balanced.usefulShare),
        unit: "",
        least,
      },
      {
        what: `${what}, correlation of step and mean length`,
        value: four(balanced.correlation ?? 0),
        unit: "",
      },
    ];
  });
}

/** Packs of a stream with the defaults, beside offline best-fit-decreasing. */
export function efficiency(): Figure[] {
  const given = lengths(1_000_000);
  const offline = packSync(given, { capacity: CAPACITY, strategy: "best-fit-decreasing" });
  return strategies.map((strategy) => {
    const packs = countPacks(given, { capacity: CAPACITY, strategy, lookahead: 4096 });
    const above = Number((100 * (packs / offline.packCount - 1)).toFixed(3));
    const what = `stream ${strategy}, packs above offline best-fit-decreasing`;
    return { what, value: above, unit: "%", ...(strategy === "best-fit" && { most: 0.5 }) };
  });
}

function countPacks(given: Uint32Array, options: StreamOptions, ids = numbers(given)): number {
  const packer = new StreamPacker(options);
  let packs = 0;
  for (let at = 0; at < given.length; at += AT_ONCE)
    packs += packer.add(ids.subarray(at, at + AT_ONCE), given.subarray(at, at + AT_ONCE)).length;
  return packs + packer.finish().length;
}

function numbers(given: Uint32Array): Float64Array {
  return Float64Array.from(given, (_, id) => id);
}

/** Milliseconds of one stream through `add` over typed arrays. */
export function viaAdd(given: Uint32Array, strategy: Streaming): () => number {
  const ids = numbers(given);
  return () => time(() => countPacks(given, { capacity: CAPACITY, strategy }, ids));
}

/** The ways that sequences take into a stream, in turns. */
export async function paths(given: Uint32Array, rounds: number): Promise<Figure[]> {
  const elements = Array.from(given, (length) => ({ length }));
  const length = (element: { length: number }): number => element.length;
  async function* generator(): AsyncGenerator<{ length: number }> {
    yield* elements;
  }
  const drained = async (packs: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of packs);
  };
  const found: Figure[] = [];
  for (const strategy of strategies) {
    const options = { capacity: CAPACITY, strategy };
    const ways: [string, () => unknown, number?][] = [
      [`add, ${AT_ONCE.toLocaleString("en-US")} a call`, viaAdd(given, strategy), 10],
      ["add, one a call", () => oneByOne(given, options)],
      ["packStream over an array", () => drained(packStream(elements, { ...options, length }))],
      [
        "packStream over an async generator",
        () => drained(packStream(generator(), { ...options, length })),
      ],
    ];
    const times = ways.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [at, [, run]] of ways.entries()) {
        // The first is over in some hundredths of a second: more of them, to find a quiet one.
        for (let again = 0; again < (at === 0 ? 5 : 1); again++) {
          const start = performance.now();
          await run();
          if (round > 0) times[at]!.push(performance.now() - start); // the first round warms up
        }
      }
    }
    for (const [at, [name, , least]] of ways.entries()) {
      const value = Number((given.length / Math.min(...times[at]!) / 1000).toFixed(2));
      const what = `stream ${strategy}, ${name}`;
      found.push({ what, value, unit: "M sequences/s", ...(least !== undefined && { least }) });
    }
  }
  return found;
}

function oneByOne(given: Uint32Array, options: StreamOptions): number {
  const packer = new StreamPacker(options);
  let packs = 0;
  for (let id = 0; id < given.length; id++) packs += packer.add([id], [given[id]!]).length;
  return packs + packer.finish().length;
}
