// Which capacity to take: what is lost, how full the packs are and how busy ranks, over one axis.

import type { CapacityTrial, ReportData } from "../data.js";
import { type Named, names } from "../labels.js";
import { pairOf } from "../pair.js";
import { figures, table, view } from "../parts.js";
import { curve, here, logScale, mark, panel, powers, type Scale, title, upScale } from "../svg.js";
import { n, pc, plural, r2 } from "../text.js";

/** A line of a panel. */
interface Series {
  readonly name: string;
  readonly colour: string;
  readonly get: (trial: CapacityTrial) => number | undefined;
}

export function capacityView(data: ReportData): string {
  const { capacities: all, options, source } = data;
  if (all.length < 3 || source.tokenCount === 0) return "";
  const { capacity } = options;
  const chosen = all.find((trial) => trial.capacity === capacity);
  if (chosen === undefined) return "";
  const lost = (policy: "drop" | "truncate") => (trial: CapacityTrial) =>
    trial.overlong[policy] / source.tokenCount;
  const x = logScale(all[0]!.capacity, all.at(-1)!.capacity);
  const ranks = plural(data.worldSize, "rank");
  const draw = (label: string, series: Series[], more: Partial<Drawing> = {}): string =>
    drawn({ data, label, series, x, most: undefined, first: false, last: false, ...more });
  const time: Series[] = [
    { name: "balanced order", colour: "a", get: (trial) => trial.balanced },
    { name: "shuffled order", colour: "g", get: (trial) => trial.shuffled },
  ];
  const busy = all.filter((trial) => trial.balanced !== undefined).length > 1;
  const share: Series[] = [
    { name: "stowage", colour: "a", get: (trial) => trial.efficiency },
    { name: "next-fit, in order", colour: "g", get: (trial) => trial.nextFit },
    { name: "one sequence a row", colour: "h", get: (trial) => trial.single },
  ];
  const losses: Series[] = [
    { name: "drop", colour: "w", get: lost("drop") },
    { name: "truncate", colour: "x", get: lost("truncate") },
  ];
  const charts = [
    draw("Tokens lost, by policy", losses, { first: true }),
    draw("Useful share of each batch", share, { most: 1, last: !busy }),
    busy ? draw(`Time in which ${ranks} work`, time, { most: 1, last: true }) : "",
  ];
  const points = all.map((trial) => r2(x(trial.capacity))).join(" ");
  const cells = (trial: CapacityTrial): string[] => [
    n(trial.capacity),
    n(trial.packCount),
    pc(trial.efficiency, 2),
    n(trial.overlong.sequences),
    pc(lost("truncate")(trial)),
    pc(lost("drop")(trial)),
    trial.balanced === undefined ? "–" : pc(trial.balanced),
    trial.shuffled === undefined ? "–" : pc(trial.shuffled),
  ];
  const rows = all.map((trial) => {
    const [first = "", ...rest] = cells(trial);
    return [trial === chosen ? `<b>${first}</b>` : first, ...rest];
  });
  const headings = [
    ...["capacity", "packs", "full", "overlong", "truncate loses", "drop loses"],
    ...[`${ranks}, balanced`, "shuffled"],
  ];
  return view(
    "capacity",
    "Which capacity to take",
    sentence(data, chosen),
    `<div class="chart" id="capacity-chart" tabindex="0" role="group" aria-label="What capacities would give; arrow keys move the cursor" data-points="${points}">${charts.join("")}<p class="xlabel">capacity in tokens, doubling</p></div><output id="capacity-readout">${reading(cells(chosen), ranks)}</output>${figures(table("Trade-offs by capacity", headings, rows, { id: "capacity-table" }))}`,
  );
}

/** A row of the table as a sentence; the page's script says the others alike. */
function reading(cells: readonly string[], ranks: string): string {
  const [capacity, packs, full, over, truncate, drop, balanced] = cells;
  const busy = balanced === "–" ? "" : `; ${ranks} in balanced order work ${balanced} of the time`;
  return `capacity ${capacity}: ${packs} ${packs === "1" ? "pack" : "packs"}, ${full} full; ${over} longer, of all tokens ${truncate} lost by truncating, ${drop} by dropping${busy}`;
}

function sentence(data: ReportData, chosen: CapacityTrial): string {
  const { capacities: all, options, source } = data;
  const alignment = options.sequenceAlignment ?? 1;
  const whole = Math.ceil(source.maxLength / alignment) * alignment;
  const enough = all.find((trial) => trial.overlong.truncate < source.tokenCount / 100);
  const parts = [`From ${plural(whole, "token")} on no sequence is longer than a pack.`];
  if (enough !== undefined && enough.overlong.truncate > 0)
    parts.push(
      `Of the capacities tried, ${n(enough.capacity)} is the first at which truncating loses less than 1\u00a0% of the tokens.`,
    );
  const last = all.at(-1)!;
  const words = (trial: CapacityTrial): string =>
    `${pc(trial.efficiency)} full${trial.balanced === undefined ? "" : ` and ${plural(data.worldSize, "rank")} in balanced order work ${pc(trial.balanced)} of the time`}`;
  if (last !== chosen && chosen.packCount > 0)
    parts.push(
      `At ${n(chosen.capacity)} the packs are ${words(chosen)}; at ${n(last.capacity)} they are ${words(last)}.`,
    );
  return parts.join(" ");
}

interface Drawing {
  readonly data: ReportData;
  readonly label: string;
  readonly series: readonly Series[];
  readonly x: Scale;
  /** Top of the axis; undefined: as high as the lines. */
  readonly most: number | undefined;
  readonly first: boolean;
  readonly last: boolean;
}

function drawn({ data, label, series, x, most, first, last }: Drawing): string {
  const { capacities: all, options, source, other } = data;
  const bottom = last ? 26 : 4;
  const height = 146 + bottom + (first ? 14 : 0);
  const top = first ? 36 : 22;
  const values = series.flatMap(({ get }) => all.map((trial) => get(trial) ?? 0));
  const { y, steps } = upScale(most ?? Math.max(0.01, ...values), height - bottom, top);
  const lines = series
    .map(({ name, colour, get }) => {
      const points = all.flatMap((trial) => {
        const value = get(trial);
        return value === undefined ? [] : [[x(trial.capacity), y(value)] as const];
      });
      return { name, colour, points };
    })
    .filter(({ points }): boolean => points.length > 1);
  const own = all.find((trial) => trial.capacity === options.capacity)!;
  const at = x(options.capacity);
  const dots = series.map(({ colour, get }) => {
    const value = get(own);
    if (value === undefined || !lines.some((line) => line.colour === colour)) return "";
    return mark("circle", `dot d${colour}`, { cx: `${r2(at)}%`, cy: r2(y(value)), r: 3.5 });
  });
  const enough = all.find((trial) => trial.overlong.truncate < source.tokenCount / 100);
  const rule =
    first && enough !== undefined && enough.overlong.truncate > 0
      ? ruleMark(x(enough.capacity), height - bottom, at)
      : "";
  const ring =
    most === 1 && other !== undefined && series.some(({ name }) => name === "stowage")
      ? otherDot(other, pairOf(data, other)[1], x, y)
      : "";
  return panel({
    label,
    name: `${label}, by capacity`,
    height,
    bottom,
    x,
    ...(last && { ticksX: powers(all[0]!.capacity, all.at(-1)!.capacity) }),
    y,
    ticksY: steps,
    cursor: true,
    marks: [
      rule,
      here(at, first ? 16 : 0, height - bottom, first ? `capacity ${n(options.capacity)}` : ""),
      ...lines.map((line: Named) => curve(line.points, height, `l${line.colour}`)),
      ...dots,
      ring,
      names(lines, top - 6, height - bottom, at),
    ].join(""),
  });
}

/** Where truncating loses less than one per cent, as a rule to look at and no advice. */
function ruleMark(at: number, bottom: number, chosen: number): string {
  const x = `${r2(at)}%`;
  if (Math.abs(at - chosen) < 1) return "";
  const line = mark("line", "mark thin", { x1: x, x2: x, y1: 18, y2: bottom });
  const end = at > 55;
  const place = { x, dx: end ? -5 : 5, y: 28, ...(end && { "text-anchor": "end" }) };
  return line + mark("text", "note thin", place, "truncating loses &lt;\u00a01\u00a0%");
}

/** The packing that this one is compared with. */
function otherDot({ options, stats }: ReportData, name: string, x: Scale, y: Scale): string {
  const at = x(options.capacity);
  if (at < 0 || at > 100) return "";
  const said = `${name}, capacity ${n(options.capacity)}: ${pc(stats.efficiency, 2)} full`;
  const place = { cx: `${r2(at)}%`, cy: r2(y(stats.efficiency)), r: 5 };
  return mark("circle", "ring m", place, title(said));
}
