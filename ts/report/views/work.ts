// What packing saves: attention's work, and the time in which ranks wait for each other.

import type { ReportData } from "../data.js";
import { names } from "../labels.js";
import { type Bar, bars, figures, table, view } from "../parts.js";
import { curve, logScale, mark, panel, title, upScale } from "../svg.js";
import { n, pc, r2 } from "../text.js";

export function workView(data: ReportData): string {
  const { single, packed, isolated } = data.attention;
  if (single === 0) return "";
  const other = data.other?.attention;
  const bar = (name: string, key: "single" | "packed" | "isolated", cls: string): Bar => ({
    name,
    cls,
    value: data.attention[key] / single,
    text: pc(data.attention[key] / single),
    ...(other && { other: other[key] / other.single }),
  });
  const work = [
    bar("one sequence a row", "single", "bar grey"),
    bar("packed, dense attention", "packed", "bar grey"),
    bar("packed, kept apart", "isolated", "bar"),
  ];
  const balance = data.balance.find(({ worldSize }) => worldSize === data.worldSize);
  const ranks =
    balance === undefined
      ? ""
      : ` Over ${n(balance.worldSize)} ranks, the balanced order keeps them busy ${pc(balance.balanced)} of the time, a shuffled one ${pc(balance.shuffled)} on average.`;
  const dense = packed === single ? "" : `, packed as one sequence ${pc(packed / single)}`;
  return view(
    "work",
    "What it saves",
    `Attention costs the square of a length. Packed and kept apart (<code>cu_seqlens</code>, block-diagonal masks), it does <b>${pc(isolated / single)}</b> of the work of one padded sequence a row${dense}.${ranks}`,
    `<div class="two"><div><h3>Attention work</h3>${bars(work, "Attention work relative to one padded sequence a row")}<p class="xlabel">Σ length², one padded sequence a row = 100\u00a0%</p></div>${times(data)}</div>`,
  );
}

/** Two lines by the number of ranks. */
function times({ balance }: ReportData): string {
  if (balance.length < 2) return "";
  const [low, high] = [balance[0]!.worldSize, balance.at(-1)!.worldSize];
  const x = logScale(low, high);
  const height = 160;
  const { y, steps } = upScale(1, height - 26, 22);
  const series = [
    { name: "balanced order", colour: "a", key: "balanced" as const },
    { name: "shuffled", colour: "g", key: "shuffled" as const },
  ];
  const lines = series.map(({ name, colour, key }) => ({
    name,
    colour,
    points: balance.map((row) => [x(row.worldSize), y(row[key])] as const),
  }));
  const dots = series.flatMap(({ name, colour, key }) =>
    balance.map((row) => {
      const said = `${n(row.worldSize)} ranks, ${name}: ${pc(row[key])} of the time`;
      const at = { cx: `${r2(x(row.worldSize))}%`, cy: r2(y(row[key])), r: 3.5 };
      return mark("circle", `dot m d${colour}`, at, title(said));
    }),
  );
  const chart = panel({
    label: "useful share",
    name: "Useful time by number of ranks",
    height,
    bottom: 26,
    x,
    ticksX: balance.map(({ worldSize }) => worldSize),
    y,
    ticksY: steps,
    marks: [
      ...lines.map((line) => curve(line.points, height, `l${line.colour}`)),
      ...dots,
      names(lines, 16, height - 26, -100),
    ].join(""),
  });
  const rows = balance.map(({ worldSize, balanced, shuffled }) => [
    n(worldSize),
    pc(balanced),
    pc(shuffled),
  ]);
  return `<div><h3>Time in which ranks work</h3><div class="chart" tabindex="0" role="group" data-walk aria-label="Useful time by number of ranks; arrow keys walk through the points">${chart}<p class="xlabel">ranks side by side</p></div>${figures(table("Useful time by number of ranks", ["ranks", "balanced", "shuffled"], rows))}</div>`;
}
