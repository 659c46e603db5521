// Where the sequences come from: the share of each source, and how evenly it is spread over the packs.

import type { ReportData, ReportedSources } from "../data.js";
import { bars, figures, table, view } from "../parts.js";
import { coloursOf, sourceName, sourceText } from "../source-names.js";
import { mark, title } from "../svg.js";
import { esc, n, pc, plural, r2 } from "../text.js";

export function sourcesView(data: ReportData): string {
  const { sources, other } = data;
  if (sources === undefined || data.stats.packCount === 0) return "";
  const all = sum(sources.tokens);
  const theirs = other?.sources;
  const places = other === undefined ? [] : coloursOf(other, data);
  const rows = sources.names.map((_, at) => {
    const place = places.indexOf(at);
    const share =
      theirs === undefined ? undefined : (theirs.tokens[place] ?? 0) / sum(theirs.tokens);
    return {
      name: sourceName(sources, at),
      value: sources.tokens[at]! / all,
      text: `${n(sources.tokens[at]!)} <small>${pc(sources.tokens[at]! / all)}</small>`,
      cls: `k k${at}`,
      ...(share !== undefined && { other: share }),
    };
  });
  const cells = sources.names.map((_, at) => {
    const { p10, p50, p90 } = sources.perPack[at] ?? {};
    const packs = sources.packs[at];
    return [
      sourceName(sources, at, true),
      n(sources.sequences[at]!),
      n(sources.tokens[at]!),
      pc(sources.tokens[at]! / all),
      ...[packs, p10, p50, p90].map((value) => (value == null ? "–" : n(value))),
    ];
  });
  const headings = [
    ...["source", "sequences", "tokens", "of all", "packs with any"],
    ...["in a pack: 10th percentile", "median", "90th percentile"],
  ];
  return view(
    "sources",
    "What the packs are mixed of",
    sentence(data, sources, all),
    `<div class="two"><div><h3>Tokens by source</h3>${bars(rows, "Tokens by source")}<p class="xlabel">tokens</p></div>${spread(data, sources)}</div>${figures(table("Sources", headings, cells))}`,
  );
}

/** Its tokens in a pack: a line over the middle four fifths of the packs, a dot at the median. */
function spread({ options }: ReportData, sources: ReportedSources): string {
  const at = (tokens: number): string => `${r2((tokens / options.capacity) * 100)}%`;
  const rows = sources.perPack.flatMap((pack, place) => {
    if (pack === null) return [];
    const { p10, p50, p90 } = pack;
    const said = `${sourceText(sources, place)}: median ${n(p50)}, middle 80 % of the packs ${n(p10)} to ${n(p90)}`;
    const marks =
      mark("line", "grid", { x1: 0, x2: "100%", y1: 9, y2: 9 }) +
      mark("line", "range", { x1: at(p10), x2: at(p90), y1: 9, y2: 9 }) +
      mark("circle", `k k${place}`, { cx: at(p50), cy: 9, r: 5 }, title(said));
    return [
      `<div class="hrow"><span class="hname">${sourceName(sources, place)}</span><svg width="100%" height="18" aria-hidden="true">${marks}</svg><span class="hval">${n(p50)} <small>${n(p10)}–${n(p90)}</small></span></div>`,
    ];
  });
  if (rows.length === 0) return "";
  return `<div><h3>In a pack</h3><div class="hbars" role="group" aria-label="Tokens of each source in a pack">${rows.join("")}</div><p class="xlabel">tokens of ${n(options.capacity)}: median, and the middle 80\u00a0% of the packs</p></div>`;
}

function sentence(data: ReportData, sources: ReportedSources, all: number): string {
  const count = sources.names.length - 1 + (sources.others ?? 1);
  const column = `Column <code>${esc(sources.column)}</code>`;
  const first = sourceName(sources, 0);
  if (count === 1) return `${column} says the same of all sequences: <b>${first}</b>.`;
  const most = `${column} tells ${plural(count, "source")} apart. The largest, <b>${first}</b>, has ${pc(sources.tokens[0]! / all)} of the tokens`;
  const { packs, perPack } = sources;
  const [any, spread] = [packs[0], perPack[0]];
  if (any == null || spread == null) return `${most}.`;
  const { packCount } = data.stats;
  if (packCount === 1) return `${most}.`;
  const where =
    any === packCount
      ? "in every pack"
      : `in ${n(any)} of ${plural(packCount, "pack")} (${pc(any / packCount)})`;
  return `${most} and is found ${where}; half of the packs have at most ${plural(spread.p50, "token")} of it.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
