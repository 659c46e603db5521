// The tables of a run, for people, and its record, for later.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, median } from "./contest.js";
import { type Machine, ROOT } from "./environment.js";
import { CAPACITY } from "./lengths.js";
import { type Probes, power, type Row } from "./targets.js";

export interface Run {
  date: string;
  command: string;
  machine: Machine;
  versions: Record<string, string>;
  entries: Entry[];
  probes: Probes;
  targets: Row[];
}

/**
 * Markdown: a row per strategy and size, times of the fastest call of each contender, ratios to packSync on
 * one thread, and beside them the limit: what sorting the sequences by length takes alone.
 */
export function timesTable(entries: readonly Entry[], { argsort = [] }: Probes): string {
  const rows: string[] = [];
  const sizes = [...new Set(entries.map(({ n }) => n))];
  const strategies = [...new Set(entries.map(({ strategy }) => strategy))];
  for (const strategy of strategies) {
    for (const n of sizes) {
      const here = entries.filter((entry) => entry.n === n && entry.strategy === strategy);
      if (here.length === 0) continue;
      const time = (contender: Entry["contender"], call?: string): number | undefined =>
        fastest(here.filter((e) => e.contender === contender && (!call || e.call === call)));
      const sync = time("stowage", "packSync");
      const rival = (contender: Entry["contender"]): string => {
        const value = time(contender);
        if (value === undefined) return here.find((e) => e.contender === contender)?.skipped ?? "";
        return `${show(value)} (${sync === undefined ? "?" : (value / sync).toFixed(1)}×)`;
      };
      const packs = here.find(({ contender }) => contender === "stowage")?.ready?.packs;
      const cells = [
        strategy,
        power(n),
        packs?.toLocaleString("en-US") ?? "",
        show(sync),
        show(time("stowage", "packSync, all threads")),
        show(time("stowage", "pack")),
        show(argsort.find((found) => found.n === n)?.argsortMs),
        rival("seqpacker"),
        rival("lightbinpack"),
        rival("javascript"),
      ];
      rows.push(`| ${cells.join(" | ")} |`);
    }
  }
  return [
    "| strategy | sequences | packs | packSync ms | on all threads ms | pack ms | limit: argsort ms | seqpacker ms | LightBinPack ms | JavaScript ms |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

/** Of each call the median over rounds; of several calls the fastest. */
function fastest(entries: readonly Entry[]): number | undefined {
  const medians = entries.map(({ times }) => median(times)).filter((value) => value !== undefined);
  return medians.length === 0 ? undefined : Math.min(...medians);
}

function show(value: number | undefined): string {
  return value === undefined ? "" : String(Number(value.toPrecision(3)));
}

/** Markdown: what is wanted, what was measured, whether it is enough. */
export function targetsTable(rows: readonly Row[]): string {
  const verdict = ({ met }: Row): string => (met === undefined ? "" : met ? "reached" : "short");
  return [
    "| what | target | measured | |",
    "|---|---:|---:|---|",
    ...rows.map((row) => `| ${row.what} | ${row.target} | ${row.measured} | ${verdict(row)} |`),
  ].join("\n");
}

/** The largest spread of the yardstick at which figures are worth keeping. */
const QUIET = 1.5;

/** Why figures must not be kept: the yardstick itself took more or less time from run to run; undefined: keep them. */
export function tooNoisy({ argsort = [] }: Probes): string | undefined {
  const worst = [...argsort].sort((a, b) => b.spread - a.spread)[0];
  if (worst === undefined) return "the yardstick wasn't measured";
  if (worst.spread <= QUIET) return undefined;
  const { n, spread } = worst;
  return `the argsort of ${power(n)} sequences varied by a factor of ${spread.toFixed(2)} (90th over 10th percentile), ${QUIET} is allowed; run again on a quiet machine`;
}

/** Writes benchmark/record/<date>-<machine>.csv and .json; returns their common path. */
export function writeRecord(run: Run): string {
  const name = `${run.date.slice(0, 10)}-${run.machine.name}`;
  const path = join(ROOT, "benchmark", "record", name);
  const { entries, ...rest } = run;
  const { cpu, system, node } = run.machine;
  const lines = [
    `# ${run.date} | ${cpu} | ${system} | Node ${node} | ${run.command}`,
    `# log-normal lengths, median 245, sigma 1, capacity ${CAPACITY}; milliseconds`,
    "n,strategy,contender,call,packs,median_ms,best_ms,worst_ms,rounds,first_ms,peak_rss_mib,skipped",
    ...entries.map(({ n, strategy, contender, call, ready, times, skipped = "" }) =>
      [
        ...[n, strategy, contender, call, ready?.packs, median(times)],
        ...(times.length > 0 ? [Math.min(...times), Math.max(...times)] : ["", ""]),
        ...[times.length, ready?.firstMs, ready?.peakRssMiB, skipped.replaceAll(",", ";")],
      ].join(","),
    ),
  ];
  writeFileSync(`${path}.csv`, `${lines.join("\n")}\n`);
  writeFileSync(`${path}.json`, `${JSON.stringify(rest, undefined, 2)}\n`);
  return path;
}
