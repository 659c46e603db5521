// How full the packs are: bars by padding and by sequences, since a fill in per cent would be one spike.

import type { PackBin, ReportData } from "../data.js";
import { type Bar, bars, figures, table, view } from "../parts.js";
import { n, pc, plural, span } from "../text.js";

export function fillView(data: ReportData): string {
  const { stats, padding, perPack, other, options } = data;
  if (stats.packCount === 0) return "";
  const worst = (bin: PackBin): boolean => bin.from >= options.capacity / 4;
  const chart = (
    name: string,
    own: PackBin[],
    others: PackBin[] | undefined,
    unit: string,
    over: typeof worst,
  ): string =>
    `<div><h3>${name}</h3>${bars(rows(own, others, stats.packCount, over), `Packs by ${unit}`)}<p class="xlabel">${unit} → packs</p></div>`;
  const table2 = (caption: string, own: PackBin[], unit: string): string =>
    table(
      caption,
      [unit, "packs", "of all"],
      own.map((bin) => [span(bin), n(bin.packs), pc(bin.packs / stats.packCount)]),
    );
  return view(
    "fill",
    "How full the packs are",
    sentence(data),
    `<div class="two">${chart("Padding in a pack", padding, other?.padding, "padding tokens", worst)}${chart("Sequences in a pack", perPack, other?.perPack, "sequences", () => false)}</div>${figures(table2("Packs by padding tokens", padding, "padding tokens") + table2("Packs by sequences", perPack, "sequences"))}`,
  );
}

function rows(
  own: PackBin[],
  others: PackBin[] | undefined,
  packs: number,
  over: (bin: PackBin) => boolean,
): Bar[] {
  // What only the other has is a row, too.
  const missing = (others ?? []).filter(({ from }) => own.every((bin) => bin.from !== from));
  const all = [...own, ...missing.map((bin) => ({ ...bin, packs: 0 }))].sort(
    (a, b) => a.from - b.from,
  );
  return all.map((bin) => ({
    name: span(bin),
    value: bin.packs,
    text: `${n(bin.packs)} <small>${pc(bin.packs / packs)}</small>`,
    cls: over(bin) ? "bar over" : "bar",
    ...(others && { other: others.find(({ from }) => from === bin.from)?.packs ?? 0 }),
  }));
}

function sentence({ stats, options }: ReportData): string {
  const { fill, sequencesPerPack: per } = stats;
  const places =
    stats.efficiency === 1
      ? "All places hold tokens."
      : `${pc(stats.efficiency, 2)} of all places hold tokens.`;
  const worst =
    stats.packCount === 1
      ? ""
      : fill.min === fill.max
        ? " All packs are equally full."
        : ` The emptiest pack is ${pc(fill.min)} full.`;
  const count =
    per.max === 1
      ? `${stats.packCount === 1 ? "The" : "Each"} pack holds one sequence.`
      : stats.packCount === 1
        ? `The pack holds ${plural(per.max, "sequence")}.`
        : `A pack holds ${per.mean.toFixed(1)} sequences on average, at most ${n(per.max)}.`;
  const aligned =
    options.sequenceAlignment === undefined
      ? ""
      : ` Padding includes what rounds each sequence up to a multiple of ${n(options.sequenceAlignment)}.`;
  return `${places}${worst} ${count}${aligned}`;
}
