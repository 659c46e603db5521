// What stowage wants to reach, and what was measured: a row for each, met or not.

import { type Entry, median } from "./contest.js";

export interface Row {
  what: string;
  target: string;
  measured: string;
  met: boolean | undefined;
}

/** Figures of the probes; a missing one makes its row say so. */
export interface Probes {
  /** The engine and the yardstick at each size; `spread` is the yardstick's. */
  argsort?: { n: number; ms: number; argsortMs: number; ratio: number; spread: number }[];
  /** A copy of 400 MB within memory that was touched. */
  copyMs?: number;
  enginePlanMs?: number;
  smallPlanMs?: number;
  largePlanMs?: number;
  stallMs?: number;
  memory?: { sync: number; async: number };
  binaryBytes?: number;
}

const DECREASING = /^(obfdp?|bfd|ffd|mffd) /;

export function targetRows(entries: readonly Entry[], probes: Probes): Row[] {
  const against = (
    n: number,
    call: "packSync" | "pack",
    strategy: string,
    rival: string,
    isRival: (entry: Entry) => boolean,
    least: number,
  ): Row => {
    const ratio = ratioOf(entries, n, call, strategy, isRival);
    return {
      what: `${call} ${strategy}, ${power(n)} sequences, against ${rival}`,
      target: `at least ${least}×`,
      measured: ratio === undefined ? "not measured" : `${ratio.toFixed(1)}×`,
      met: ratio === undefined ? undefined : ratio >= least,
    };
  };
  const decreasing = ({ contender, call }: Entry): boolean =>
    contender === "seqpacker" && DECREASING.test(call);
  const baseline = ({ contender }: Entry): boolean => contender === "javascript";
  const own =
    (name: string) =>
    ({ contender, call }: Entry): boolean =>
      contender === "seqpacker" && call.startsWith(`${name} `);
  const bfd = "best-fit-decreasing";
  return [
    ...(
      [
        [1e4, 8],
        [1e6, 30],
        [1e7, 35],
      ] as const
    ).map(([n, least]) =>
      against(n, "packSync", bfd, "seqpacker's fastest decreasing call", decreasing, least),
    ),
    ...(
      [
        [1e4, 3],
        [1e6, 2.5],
        [1e7, 3],
      ] as const
    ).map(([n, least]) => against(n, "packSync", bfd, "pure JavaScript", baseline, least)),
    ...(
      [
        [10, 0.006],
        [1e3, 0.025],
        [1e4, 0.1],
      ] as const
    ).map(([n, most]) => {
      const ours = entries.find(
        (entry) => entry.n === n && entry.strategy === bfd && entry.call === "packSync",
      );
      const scale = (probes.argsort?.find((found) => found.n === 1e4)?.argsortMs ?? 0.02) / 0.02;
      const what = `packSync ${bfd}, ${power(n)} sequences, for an argsort of 10^4 in ${(20 * scale).toFixed(0)} µs`;
      return limit(what, ours && median(ours.times), most * scale, milliseconds);
    }),
    against(1e7, "pack", bfd, "pure JavaScript", baseline, 2.2),
    against(1e6, "packSync", "best-fit", "seqpacker bf", own("bf"), 4),
    against(1e6, "packSync", "worst-fit", "seqpacker wf", own("wf"), 4),
    against(1e6, "packSync", "next-fit", "seqpacker nf", own("nf"), 4),
    against(1e5, "packSync", "harmonic", "seqpacker hk", own("hk"), 4),
    against(1e6, "packSync", "first-fit", "seqpacker ff", own("ff"), 1.5),
    ...[1e6, 1e7].map((n) => {
      const ratio = probes.argsort?.find((entry) => entry.n === n)?.ratio;
      const what = `engine alone, ${power(n)} sequences, against a counting-sort argsort`;
      return limit(what, ratio, 1.15, (value) => `${value.toFixed(2)} of its time`);
    }),
    limit("engine: plan of 10^4 sequences", probes.enginePlanMs, 0.05, milliseconds),
    limit("planSync of 10^4 sequences", probes.smallPlanMs, 0.05, milliseconds),
    limit("planSync of 10^9 sequences from a histogram", probes.largePlanMs, 10, milliseconds),
    limit("event-loop stall, pack of 10^7 sequences", probes.stallMs, 20, milliseconds),
    limit("peak memory, packSync of 10^8 sequences", probes.memory?.sync, 16, perSequence),
    limit("peak memory, pack of 10^8 sequences", probes.memory?.async, 16, perSequence),
    limit("size of the binary, stripped", probes.binaryBytes, 12e6, megabytes),
  ];
}

/** Median over rounds of (the rival's call that is fastest in all) / (our call). */
function ratioOf(
  entries: readonly Entry[],
  n: number,
  call: string,
  strategy: string,
  isRival: (entry: Entry) => boolean,
): number | undefined {
  const ofSize = entries.filter((entry) => entry.n === n && entry.times.length > 0);
  const ours = ofSize.find(
    (e) => e.contender === "stowage" && e.call === call && e.strategy === strategy,
  );
  const time = (entry: Entry): number => median(entry.times) ?? Infinity;
  const [rival] = ofSize.filter(isRival).sort((a, b) => time(a) - time(b));
  if (ours === undefined || rival === undefined) return undefined;
  // A rival of another contest has other rounds: then the ratio of the medians has to do.
  if (rival.strategy !== strategy) return time(rival) / time(ours);
  return median(rival.times.map((value, round) => value / (ours.times[round] ?? Number.NaN)));
}

function limit(
  what: string,
  value: number | undefined,
  most: number,
  show: (value: number) => string,
): Row {
  return {
    what,
    target: `at most ${show(most)}`,
    measured: value === undefined ? "not measured" : show(value),
    met: value === undefined ? undefined : value <= most,
  };
}

function milliseconds(value: number): string {
  if (value < 0.02) return `${(value * 1000).toFixed(1)} µs`;
  return value < 1 ? `${(value * 1000).toFixed(0)} µs` : `${value.toFixed(1)} ms`;
}

function perSequence(value: number): string {
  return `${value.toFixed(1)} bytes a sequence`;
}

function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(2)} MB`;
}

export function power(n: number): string {
  const exponent = Math.log10(n);
  return Number.isInteger(exponent) ? `10^${exponent}` : n.toLocaleString("en-US");
}
