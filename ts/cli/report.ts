// The report of a packing: how good it is, how good it could be, and where every token went.

import { resolve } from "node:path";
import type { DatasetReport, PackingStats } from "../index.js";
import { bytes, count, duration, pairs, percent, plural } from "./figures.js";
import { printable, type Session } from "./session.js";

type Row = readonly [name: string, value: string];

/** Figures of a packing or plan, one a line, ending with the token ledger. */
export function packingReport(stats: PackingStats, more: readonly Row[] = []): string {
  const { fill, sequencesPerPack } = stats;
  return pairs([
    ["packs", `${count(stats.packCount)} of ${plural(stats.capacity, "token")}`],
    ["lower bound", `${count(stats.lowerBound)}, ${gap(stats.gap)}`],
    ...searchRows(stats),
    ["efficiency", `${percent(stats.efficiency)}, ${plural(stats.paddingTokens, "padding token")}`],
    [
      "fill",
      `min ${percent(fill.min)}, 1st percentile ${percent(fill.p1)}, median ${percent(fill.p50)}`,
    ],
    [
      "sequences",
      `${count(stats.sequenceCount)}, ${sequencesPerPack.mean.toFixed(2)} per pack, at most ${count(sequencesPerPack.max)}`,
    ],
    ["tokens", ledger(stats)],
    ...more,
  ]);
}

/** Prints what a job has written: `head` and the figures, or all as JSON. */
export function printWritten(
  session: Session,
  head: string,
  output: string,
  report: DatasetReport,
  elapsed: number,
): void {
  printWarnings(session, report);
  session.printJson({ output: resolve(output), ...report });
  const { green } = session.colours(process.stdout);
  session.print(green(`${head}: ${printable(output)}`));
  session.print(packingReport(report, [...fileRows(report), timeRow(report, elapsed)]));
}

/** Says what the report warns of, on standard error. */
export function printWarnings(session: Session, { warnings }: DatasetReport): void {
  for (const warning of warnings) session.warn(warning);
}

/** Rows for what was written, or read again. */
export function fileRows({ files, format, planId, spilledBytes }: DatasetReport): Row[] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const rows: Row[] = [["files", `${plural(files.length, "file")}, ${bytes(total)}, ${format}`]];
  if (planId !== undefined) rows.push(["plan", planId]);
  if (spilledBytes > 0) rows.push(["spilled", `${bytes(spilledBytes)} in a temporary file`]);
  return rows;
}

/** The row of times; `elapsed` is the whole call as the user waited for it. */
export function timeRow({ time }: { time: Partial<DatasetReport["time"]> }, elapsed?: number): Row {
  const names = ["read", "count", "plan", "bind", "write"] as const;
  const stages = names
    .flatMap((name) => (time[name] === undefined ? [] : [`${name} ${duration(time[name])}`]))
    .join(", ");
  return ["time", elapsed === undefined ? stages : `${duration(elapsed)}: ${stages}`];
}

/** tokensIn = tokensPacked + tokensTruncated + tokensDropped, with the numbers. */
export function ledger(
  stats: Pick<PackingStats, "tokensIn" | "tokensPacked" | "tokensTruncated" | "tokensDropped">,
): string {
  const { tokensIn, tokensPacked, tokensTruncated, tokensDropped } = stats;
  return `${count(tokensIn)} in = ${count(tokensPacked)} packed + ${count(tokensTruncated)} truncated + ${count(tokensDropped)} dropped`;
}

const ENDS = {
  bound: "the bound is met",
  content: "content: the rest is not worth more work",
  spent: "the effort is spent; more --effort may find more",
} as const;

/** Loads where they were the objective, and why the search ended. */
function searchRows({ maxLoad, minLoad, loadBound, stopped }: PackingStats): Row[] {
  const rows: Row[] = [];
  if (maxLoad !== undefined && minLoad !== undefined && loadBound !== undefined) {
    rows.push(["loads", `${count(minLoad)} to ${count(maxLoad)}, bound ${count(loadBound)}`]);
  }
  if (stopped !== undefined) rows.push(["search", ENDS[stopped]]);
  return rows;
}

function gap(value: number): string {
  return value === 0 ? "reached: proved optimal" : `gap ${count(value)}`;
}
