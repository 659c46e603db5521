// Every strategy against its rivals, round by round: within a round all contenders run one after the
// other on the same lengths, so that a busy minute of the machine hits them alike. Ratios are taken
// within a round and their median is reported.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Timing } from "./contender.js";
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

/** seqpacker's `hk` scans the packs of its last class one by one: not run above this many sequences. */
const HARMONIC_LIMIT = 200_000;

/** One contender in one round; `skipped` says why it has no figures. */
export interface Entry {
  n: number;
  /** Our name of the strategy that it competes in. */
  strategy: string;
  contender: "stowage" | "javascript" | "seqpacker" | "lightbinpack";
  /** packSync, pack, pack_flat, or the rival's own name of the strategy with its call. */
  call: string;
  round: number;
  timing?: Timing;
  skipped?: string;
}

export interface Budget {
  readonly rounds: number;
  readonly repeats: number;
  /** For one contender in one round. */
  readonly milliseconds: number;
}

/** Runs `contest` on the lengths in the file `path`. */
export function contend(
  contest: Contest,
  n: number,
  path: string,
  python: string | undefined,
  budget: Budget,
  report: (entry: Entry) => void,
): Entry[] {
  const { strategy } = contest;
  const entries: Entry[] = [];
  for (let round = 0; round < budget.rounds; round++) {
    const run = (
      contender: Entry["contender"],
      call: string,
      timed: () => Timing | string,
    ): void => {
      const outcome = timed();
      const entry: Entry = { n, strategy, contender, call, round };
      if (typeof outcome === "string") entry.skipped = outcome;
      else entry.timing = outcome;
      entries.push(entry);
      report(entry);
    };
    run("stowage", "packSync", () => inNode("sync", strategy, path, budget));
    run("stowage", "pack", () => inNode("threads", strategy, path, budget));
    if (contest.javascript === true) {
      run("javascript", "packLengths", () => inNode("javascript", strategy, path, budget));
    }
    for (const name of contest.seqpacker) {
      for (const call of ["pack", "pack_flat"]) {
        const quadratic = name === "hk" && n > HARMONIC_LIMIT;
        run("seqpacker", `${name} ${call}`, () =>
          quadratic
            ? `quadratic: not run above ${HARMONIC_LIMIT} sequences`
            : inPython(python, "seqpacker", name, call, path, budget),
        );
      }
    }
    for (const name of contest.lightbinpack) {
      run("lightbinpack", name, () => inPython(python, "lightbinpack", name, "call", path, budget));
    }
  }
  return entries;
}

function inNode(
  contender: string,
  strategy: string,
  path: string,
  budget: Budget,
): Timing | string {
  const script = join(ROOT, "benchmark", "contender.ts");
  const { repeats, milliseconds } = budget;
  return timed(process.execPath, [
    ...["--expose-gc", "--import=tsx", script],
    ...[contender, strategy, path, CAPACITY, repeats, milliseconds].map(String),
  ]);
}

function inPython(
  python: string | undefined,
  peer: string,
  strategy: string,
  call: string,
  path: string,
  budget: Budget,
): Timing | string {
  if (python === undefined) return "not installed";
  const script = join(ROOT, "benchmark", "peers", "bench_peers.py");
  return timed(python, [
    ...[script, path, String(CAPACITY), "--one", peer, strategy, call],
    ...["--repeats", String(budget.repeats), "--timeout", String(budget.milliseconds / 1000)],
  ]);
}

function timed(command: string, args: string[]): Timing | string {
  try {
    const output = execFileSync(command, args, {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return JSON.parse(output) as Timing;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const lines = stderr?.trim().split("\n") ?? [];
    return (lines.filter((line) => /error/i.test(line)).at(-1) ?? String(error)).slice(0, 200);
  }
}
