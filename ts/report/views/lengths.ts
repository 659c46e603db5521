// How long the sequences are: two histograms over one axis, of sequences and of tokens.

import type { LengthBin, ReportData } from "../data.js";
import { figures, table, view } from "../parts.js";
import { here, logScale, mark, type Panel, panel, powers, title, upScale } from "../svg.js";
import { n, pc, plural, r2, range, span } from "../text.js";
import { usable } from "../usable.js";

/**
 * Height of a bar: its share in a bin of the usual width, so that areas can be compared. One that the
 * capacity has cut is drawn no higher for that: many sequences of exactly the capacity would hide all else.
 */
function density({ from, to }: LengthBin, share: number, perDoubling: number): number {
  if (share === 1) return 1; // alone, it is compared with none
  return share / Math.max(Math.log2(to / from) * perDoubling, 1);
}

export function lengthsView(data: ReportData): string {
  const { lengths: bins, source } = data;
  if (bins.length === 0) return "";
  const limit = usable(data.options);
  const others = othersOf(data);
  const low = Math.min(bins[0]!.from, others[0]?.from ?? Number.POSITIVE_INFINITY, limit + 1);
  const last = Math.max(bins.at(-1)!.to, others.at(-1)?.to ?? 0, low * 1.2);
  // A capacity far beyond all lengths would leave no room for them.
  const near = limit + 1 <= 8 * last;
  const high = near ? Math.max(last, (limit + 1) * 1.05) : last;
  const x = logScale(low, high);
  const axis = { low, high, x, line: near ? x(limit + 1) : undefined };
  const noun = data.asPacked ? "piece" : "sequence";
  const charts =
    histogram(data, "sequences", `Share of ${noun}s`, axis, false) +
    histogram(data, "tokens", "Share of tokens", axis, true);
  const [all, tokens] = [sum(bins, "sequences"), sum(bins, "tokens")];
  const rows = bins.map((bin) => [
    span(bin),
    n(bin.sequences),
    pc(bin.sequences / all),
    n(bin.tokens),
    pc(bin.tokens / tokens),
  ]);
  const headings = ["tokens", `${noun}s`, "of all", "their tokens", "of all"];
  return view(
    "lengths",
    "How long the sequences are",
    sentence(data),
    `<div class="chart" tabindex="0" role="group" data-walk aria-label="Histogram of lengths; arrow keys walk through the bars">${charts}<p class="xlabel">length in tokens, doubling</p></div>${policies(data)}${figures(table("Histogram of lengths", headings, rows))}${source.emptyCount > 0 ? `<p class="aside">${plural(source.emptyCount, "empty sequence")} ${source.emptyCount === 1 ? "stands" : "stand"} in no bar.</p>` : ""}`,
  );
}

/** The bins of what it is compared with; none where those are the same lengths. */
function othersOf({ source, other }: ReportData): readonly LengthBin[] {
  if (other === undefined) return [];
  const facts = ({ sequenceCount, tokenCount, maxLength }: ReportData["source"]): string =>
    [sequenceCount, tokenCount, maxLength].join();
  return facts(source) === facts(other.source) ? [] : other.lengths;
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly x: Panel["x"];
  /** Where the capacity is; undefined if it is too far away. */
  readonly line: number | undefined;
}

function sum(bins: readonly LengthBin[], key: "sequences" | "tokens"): number {
  return bins.reduce((total, bin) => total + bin[key], 0);
}

function histogram(
  data: ReportData,
  key: "sequences" | "tokens",
  label: string,
  axis: Axis,
  last: boolean,
): string {
  const { lengths: bins, other } = data;
  const { x, line } = axis;
  const noun = data.asPacked ? "piece" : "sequence";
  const [all, sequences, tokens] = [sum(bins, key), sum(bins, "sequences"), sum(bins, "tokens")];
  const outlines = othersOf(data);
  const otherAll = sum(outlines, key);
  const height = last ? 168 : 158;
  const bottom = last ? 26 : 4;
  const top = last ? 14 : 42;
  const heights = [
    ...bins.map((bin) => density(bin, bin[key] / all, data.perDoubling)),
    ...outlines.map((bin) => density(bin, bin[key] / otherAll, other!.perDoubling)),
  ];
  const { y, steps } = upScale(Math.max(...heights), height - bottom, top);
  const limit = usable(data.options);
  // What the capacity has cut to a sliver stands left of its line and can be seen.
  const place = (bin: LengthBin): { x: string; width: string } => {
    const width = Math.max((x(bin.to) - x(bin.from)) * 0.9, 0.12);
    const sliver = bin.to === limit + 1 && width < 0.5;
    const [from, wide] = sliver ? [x(bin.to) - 0.6, 0.5] : [x(bin.from), width];
    return { x: `${r2(from)}%`, width: `${r2(wide)}%` };
  };
  const box = (bin: LengthBin, value: number): Record<string, string | number> => ({
    ...place(bin),
    y: r2(Math.min(y(value), y(0) - 0.8)),
    height: r2(Math.max(y(0) - y(value), 0.8)),
  });
  const bars = bins.map((bin) => {
    const said = `${range(bin, "token")}: ${plural(bin.sequences, noun)} (${pc(bin.sequences / sequences)}), ${pc(bin.tokens / tokens)} of all tokens`;
    const classes = `bar m${bin.from > limit ? " over" : ""}`;
    return mark(
      "rect",
      classes,
      box(bin, density(bin, bin[key] / all, data.perDoubling)),
      title(said),
    );
  });
  const drawn = outlines.map((bin) =>
    mark("rect", "outline", box(bin, density(bin, bin[key] / otherAll, other!.perDoubling))),
  );
  const marks = [
    ...bars,
    ...drawn,
    last ? "" : quantileNotes(data, axis, height - bottom),
    line === undefined
      ? ""
      : here(
          line,
          last ? 0 : 16,
          height - bottom,
          last ? "" : `capacity ${n(data.options.capacity)}`,
        ),
  ];
  return panel({
    label,
    name: `Histogram of lengths: ${label.toLowerCase()}`,
    height,
    bottom,
    x,
    ...(last && { ticksX: powers(axis.low, axis.high) }),
    y,
    ticksY: steps,
    marks: marks.join(""),
  });
}

/** Dotted lines at the median and the 99th percentile, each named where it has room. */
function quantileNotes({ source }: ReportData, { x, line, low }: Axis, bottom: number): string {
  const { p50, p99 } = source.quantiles;
  const free = (value: number): boolean =>
    value >= low && (line === undefined || Math.abs(x(value) - line) > 2);
  const both = p50 >= low && p99 >= low && x(p99) - x(p50) > 30;
  const note = (name: string, value: number, classes: string): string => {
    if (!free(value)) return "";
    const at = `${r2(x(value))}%`;
    const place = x(value);
    // Not across the line of the capacity, if that is near.
    const end =
      place > 55 || (line !== undefined && line > place && line - place < 28 && place > 28);
    const text = { x: at, dx: end ? -5 : 5, y: 28, ...(end && { "text-anchor": "end" }) };
    return (
      mark("line", `mark${classes.replace("note", "")}`, { x1: at, x2: at, y1: 18, y2: bottom }) +
      mark("text", classes, text, `${name} ${n(value)}`)
    );
  };
  return note("median", p50, "note") + (both ? note("99th percentile", p99, "note thin") : "");
}

function sentence(data: ReportData): string {
  const { source, overlong } = data;
  const { sequenceCount: count, maxLength, distinctLengths, quantiles } = source;
  const noun = data.asPacked ? "piece" : "sequence";
  const [all] = [sum(data.lengths, "sequences")];
  const first = data.asPacked
    ? `The source wasn't given, so these are the ${plural(all, "sequence and piece").replace("sequence and pieces", "sequences and pieces")} as they stand in the packs. `
    : "";
  const spread =
    all === 1
      ? `The one ${noun} has ${plural(maxLength, "token")}.`
      : distinctLengths - (source.emptyCount > 0 ? 1 : 0) === 1
        ? `All ${n(all)} ${noun}s have ${plural(maxLength, "token")}.`
        : `Half of all ${noun}s have at most ${plural(quantiles.p50, "token")}, 99\u00a0% at most ${n(quantiles.p99)}; the longest has ${n(maxLength)}.`;
  if (overlong === undefined) return first + spread;
  const full = data.lengths.find(({ from }) => from === usable(data.options));
  const exact =
    full === undefined || distinctLengths === 1
      ? ""
      : ` ${plural(full.sequences, "sequence")} (${pc(full.sequences / count)}) ${full.sequences === 1 ? "fills" : "fill"} a pack exactly.`;
  if (overlong.sequences === 0) return `${spread} None is longer than a pack.${exact}`;
  const many =
    overlong.sequences === count
      ? `${count === 1 ? "It is" : "All of them are"} longer than a pack.`
      : `${plural(overlong.sequences, "sequence")} (${pc(overlong.sequences / count)}) ${overlong.sequences === 1 ? "is longer than a pack and holds" : "are longer than a pack and hold"} ${pc(overlong.drop / source.tokenCount)} of all tokens.`;
  return `${spread} <b class="warn">${many}</b>`;
}

/** What the policies do with longer sequences. */
function policies({ overlong, source, options }: ReportData): string {
  if (overlong === undefined || overlong.sequences === 0) return "";
  const { sequences, drop, truncate, pieces } = overlong;
  const whole = sequences === 1 ? "one whole sequence" : `${n(sequences)} whole sequences`;
  const [its, ends] = sequences === 1 ? ["its", ""] : ["their", "s"];
  const all: [name: string, lost: number, happens: string][] = [
    ["split", 0, `${plural(pieces, "piece")} instead of ${whole}`],
    ["truncate", truncate, `${its} end${ends} ${sequences === 1 ? "is" : "are"} lost`],
    ["truncate-start", truncate, `${its} beginning${ends} ${sequences === 1 ? "is" : "are"} lost`],
    ["drop", drop, `${plural(sequences, "sequence")} left out`],
  ];
  const rows = all.map(([name, lost, happens]) => [
    name === options.overlong ? `<b>${name}</b> (chosen)` : name,
    n(lost),
    pc(lost / source.tokenCount),
    happens,
  ]);
  const headings = ["policy", "tokens lost", "of all tokens", "what happens"];
  return `<h3>What to do with ${sequences === 1 ? "it" : "them"}</h3>${table("Policies for longer sequences", headings, rows, { cls: "words" })}`;
}
