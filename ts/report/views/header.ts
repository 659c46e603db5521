// What it is and how good it is, in one sentence and four figures; of two, side by side.

import type { ReportData } from "../data.js";
import { pairOf } from "../pair.js";
import { table } from "../parts.js";
import { esc, n, pc, plural, short } from "../text.js";

export function headerView(data: ReportData): string {
  const name = esc(data.title ?? data.source.label);
  return `<p class="kicker">stowage report</p><h1>${name}</h1><p class="lead">${lead(data)}</p>${data.other ? comparison(data, data.other) : tiles(data)}`;
}

function lead({ stats }: ReportData): string {
  const what = `${plural(stats.sequenceCount, "sequence")}, ${plural(stats.tokensIn, "token")}`;
  if (stats.sequenceCount === 0) return `${what}: the input is empty, so there is nothing to pack.`;
  if (stats.packCount === 0) {
    const why = stats.tokensIn === 0 ? "no sequence has tokens" : "every sequence is left out";
    return `${what}, and <b class="warn">no pack: ${why}.</b>`;
  }
  const lost = stats.tokensTruncated + stats.tokensDropped;
  const packs = `in <b>${plural(stats.packCount, "pack")} of ${n(stats.capacity)}</b>`;
  const best =
    stats.gap === 0
      ? "Proved: no packing has fewer."
      : `At most ${plural(stats.gap, "pack")} (${pc(stats.gap / stats.lowerBound, 3)}) above the fewest possible.`;
  const losses =
    lost === 0
      ? "No token is lost."
      : `<b class="warn">${plural(lost, "token")} (${pc(lost / stats.tokensIn, 2)}) ${lost === 1 ? "is" : "are"} left out.</b>`;
  return `${what}, ${packs}. ${best} ${losses}`;
}

function tiles({ stats }: ReportData): string {
  if (stats.packCount === 0) return "";
  const tile = (figure: string, name: string): string =>
    `<div class="tile"><dt>${name}</dt><dd>${figure}</dd></div>`;
  const rows = stats.compression;
  return `<dl class="tiles">${tile(pc(stats.efficiency, 2), "full")}${tile(stats.gap === 0 ? "0" : `+${n(stats.gap)}`, `${stats.gap === 1 ? "pack" : "packs"} above the proved minimum`)}${tile(short(stats.paddingTokens), stats.paddingTokens === 1 ? "padding token" : "padding tokens")}${rows > 1 ? tile(`${rows < 10 ? rows.toFixed(1) : n(rows)}\u00a0×`, "fewer rows than sequences") : tile(n(stats.packCount), stats.packCount === 1 ? "row" : "rows")}</dl>`;
}

function comparison(left: ReportData, right: ReportData): string {
  const whole = (name: string, of: (data: ReportData) => number): string[] => {
    const [a, b] = [of(left), of(right)];
    return [name, n(a), n(b), signed(b - a, n)];
  };
  const share = (name: string, of: (data: ReportData) => number): string[] => {
    const [a, b] = [of(left), of(right)];
    const points = (value: number): string => `${(value * 100).toFixed(2)} points`;
    return [name, pc(a, 2), pc(b, 2), signed(b - a, points)];
  };
  const rows = [
    whole("capacity", ({ options }) => options.capacity),
    ["strategy", esc(left.options.strategy), esc(right.options.strategy), ""],
    whole("sequences", ({ stats }) => stats.sequenceCount),
    whole("tokens", ({ stats }) => stats.tokensIn),
    whole("packs", ({ stats }) => stats.packCount),
    whole("packs above the proved minimum", ({ stats }) => stats.gap),
    share("full", ({ stats }) => stats.efficiency),
    whole("padding tokens", ({ stats }) => stats.paddingTokens),
    whole("tokens left out", ({ stats }) => stats.tokensTruncated + stats.tokensDropped),
  ];
  const same =
    left.stats.sequenceCount === right.stats.sequenceCount &&
    left.stats.tokensIn === right.stats.tokensIn;
  const note = same
    ? ""
    : `<p class="warn">These are not the same sequences: their numbers differ.</p>`;
  const [one, two] = pairOf(left, right).map(esc);
  const headings = ["figure", one!, two!, "difference"];
  return `${table("Comparison", headings, rows, { id: "comparison" })}<p class="aside">In the charts, dashed outlines and rings are ${two}.</p>${note}`;
}

function signed(difference: number, words: (value: number) => string): string {
  if (difference === 0) return "none";
  return `${difference > 0 ? "+" : "−"}${words(Math.abs(difference))}`;
}
