// Every strategy against its rivals, round by round: each contender waits in a process of its own, and
// in a round all of them run once, one after the other, on the same lengths, so that a busy second of
// the machine hits them alike. Ratios are taken within a round and their median is reported.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Ready } from "./contender.js";
import { ROOT } from "./environment.js";
import { CAPACITY } from "./lengths.js";

/** Our strategies, and what seqpacker and LightBinPack call the same. */
export const CONTESTS: readonly Contest[] = [
  {
    strategy: "best-fit-decreasing",
    seqpacker: ["obfd", "obfdp", "bfd"],
    lightbinpack: ["obfd", "obfdp", "bfd"],
    javascript: true,
  },
  { strategy: "first-fit-decreasing", seqpacker: ["ffd"], lightbinpack: ["ffd"] },
  { strategy: "worst-fit-decreasing", seqpacker: [], lightbinpack: [] },
  { strategy: "modified-first-fit-decreasing", seqpacker: ["mffd"], lightbinpack: [] },
  { strategy: "next-fit", seqpacker: ["nf"], lightbinpack: ["nf"] },
  { strategy: "first-fit", seqpacker: ["ff"], lightbinpack: [] },
  { strategy: "best-fit", seqpacker: ["bf"], lightbinpack: [] },
  { strategy: "worst-fit", seqpacker: ["wf"], lightbinpack: [] },
  { strategy: "harmonic", seqpacker: ["hk"], lightbinpack: [] },
  { strategy: "first-fit-shuffle", seqpacker: ["ffs"], lightbinpack: [] },
];

interface Contest {
  readonly strategy: string;
  readonly seqpacker: readonly string[];
  readonly lightbinpack: readonly string[];
  readonly javascript?: boolean;
}

/** From so many sequences on packSync shares the work with native threads. */
const SHARED_FROM = 2 ** 19;

/** seqpacker's `hk` scans the packs of its last class one by one: not run above this many sequences. */
const HARMONIC_LIMIT = 200_000;

/** One contender at one size; `skipped` says why it has no figures. */
export interface Entry {
  n: number;
  /** Our name of the strategy that it competes in. */
  strategy: string;
  contender: "stowage" | "javascript" | "seqpacker" | "lightbinpack";
  /** packSync (one thread), packSync with all threads, pack, or the rival's own name of the strategy with its call. */
  call: string;
  ready?: Ready;
  /** Milliseconds of each round; the same round has the same index everywhere. */
  times: number[];
  skipped?: string;
}

/** Runs `contest` on the lengths in the file `path`: all contenders once in each round. */
export async function contend(
  { strategy, seqpacker, lightbinpack, javascript }: Contest,
  n: number,
  path: string,
  python: string | undefined,
  rounds: number,
): Promise<Entry[]> {
  const racers: Racer[] = [];
  const enter = (contender: Entry["contender"], call: string, command: string[] | string): void => {
    racers.push(new Racer({ n, strategy, contender, call, times: [] }, command));
  };
  const inNode = (name: string): string[] => [
    ...[process.execPath, "--expose-gc", "--import=tsx", join(ROOT, "benchmark", "contender.ts")],
    ...[name, strategy, path, String(CAPACITY)],
  ];
  const inPython = (peer: string, name: string, call: string): string[] | string => {
    if (python === undefined) return "not installed";
    const script = join(ROOT, "benchmark", "peers", "bench_peers.py");
    return [python, script, path, String(CAPACITY), "--serve", peer, name, call];
  };
  enter("stowage", "packSync", inNode("sync"));
  if (n >= SHARED_FROM) enter("stowage", "packSync, all threads", inNode("shared"));
  enter("stowage", "pack", inNode("threads"));
  if (javascript === true) enter("javascript", "packLengths", inNode("javascript"));
  for (const name of seqpacker) {
    const quadratic = name === "hk" && n > HARMONIC_LIMIT;
    for (const call of ["pack", "pack_flat"]) {
      const command = inPython("seqpacker", name, call);
      const refusal = `quadratic: not run above ${HARMONIC_LIMIT} sequences`;
      enter("seqpacker", `${name} ${call}`, quadratic ? refusal : command);
    }
  }
  for (const name of lightbinpack)
    enter("lightbinpack", name, inPython("lightbinpack", name, "call"));
  try {
    for (const racer of racers) await racer.prepare();
    for (let round = 0; round < rounds; round++) for (const racer of racers) await racer.run();
  } finally {
    for (const racer of racers) racer.leave();
  }
  return racers.map(({ entry }) => entry);
}

/** A contender's process, which runs once for each line that it is sent. */
export class Racer {
  readonly entry: Entry;
  readonly #child: ChildProcess | undefined;
  readonly #lines: AsyncIterator<string> | undefined;
  #words = "";

  constructor(entry: Entry, command: string[] | string) {
    this.entry = entry;
    if (typeof command === "string") {
      entry.skipped = command;
      return;
    }
    const [file = "", ...args] = command;
    this.#child = spawn(file, args, { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (data) => (this.#words += String(data)));
    this.#child.stdin?.on("error", () => undefined); // it has ended; its last words say why
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  async prepare(): Promise<void> {
    const line = await this.#next();
    if (line !== undefined) this.entry.ready = JSON.parse(line) as Ready;
  }

  async run(): Promise<void> {
    if (this.entry.skipped !== undefined) return;
    this.#child?.stdin?.write("\n");
    const line = await this.#next();
    if (line !== undefined) this.entry.times.push(Number(line));
  }

  leave(): void {
    this.#child?.stdin?.end();
  }

  async #next(): Promise<string | undefined> {
    if (this.#lines === undefined) return undefined;
    const { value, done } = await this.#lines.next();
    if (done !== true) return value;
    const lines = this.#words.trim().split("\n");
    this.entry.skipped ??= (lines.filter((line) => /error/i.test(line)).at(-1) ?? "ended").slice(
      0,
      200,
    );
    return undefined;
  }
}

export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
