// What each strategy gives: packs above the lower bound, which is the zero line.

import type { ReportData } from "../data.js";
import { view } from "../parts.js";
import { mark } from "../svg.js";
import { esc, n, pc, plural, r2 } from "../text.js";

type Given = Extract<ReportData["strategies"][number], { packCount: number }>;

export function strategiesView(data: ReportData): string {
  const { strategies, stats, options, other } = data;
  const bound = stats.lowerBound;
  const given = strategies
    .filter((trial): trial is Given => "packCount" in trial)
    .sort((a, b) => a.packCount - b.packCount);
  if (given.length === 0 || bound === 0) return "";
  const refused = strategies.flatMap((trial) => ("refused" in trial ? [trial] : []));
  const others = new Map(
    (other?.strategies ?? []).flatMap((trial) =>
      "packCount" in trial ? [[trial.strategy, trial.packCount - other!.stats.lowerBound]] : [],
    ),
  );
  const most = Math.max(...given.map(({ packCount }) => packCount - bound), ...others.values(), 1);
  const timed = given.some(({ milliseconds }) => milliseconds !== undefined);
  const row = ({ strategy, packCount, efficiency, milliseconds }: Given): string => {
    const above = packCount - bound;
    const width = (value: number): string => `${r2((value / most) * 36)}%`;
    const beside = others.get(strategy);
    const longest = Math.max(above, beside ?? 0);
    const words = above === 0 ? "none: optimal" : `+${n(above)} (${percent(above / bound)})`;
    const cell =
      (above === 0
        ? ""
        : mark("rect", `bar${above > most / 2 ? " over" : ""}`, {
            width: width(above),
            height: 12,
            y: 2,
          })) +
      (beside === undefined
        ? ""
        : mark("rect", "outline", { width: width(beside), height: 14, y: 1 })) +
      `<text class="note" x="${width(longest)}" dx="5" y="12.5">${words.replace(/ \(.*/, '<tspan class="thin">$&</tspan>')}</text>`;
    const time = timed
      ? `<td class="opt">${milliseconds === undefined ? "–" : duration(milliseconds)}</td>`
      : "";
    return `<tr${strategy === options.strategy ? ' class="chosen"' : ""}><th scope="row">${esc(strategy)}</th><td>${n(packCount)}</td><td class="barcell"><svg width="100%" height="16" role="img" aria-label="${words.replace("+", "")} above the lower bound">${cell}</svg></td><td class="opt">${pc(efficiency, 2)}</td>${time}</tr>`;
  };
  const no = refused.map(
    ({ strategy, refused }) =>
      `<tr><th scope="row">${esc(strategy)}</th><td>–</td><td class="left" colspan="${timed ? 3 : 2}">${esc(refused)}</td></tr>`,
  );
  const head = ["strategy", "packs", "above the lower bound", "full", ...(timed ? ["ms"] : [])];
  const classes = ["", "", ' class="left"', ' class="opt"', ' class="opt"'];
  const cells = head.map((name, at) => `<th scope="col"${classes[at]}>${name}</th>`);
  return view(
    "strategies",
    "What each strategy gives",
    sentence(given, bound, data),
    `<div class="scroll" tabindex="0" role="group" aria-label="Packs by strategy"><table class="wide"><caption class="sr">Packs by strategy</caption><thead><tr>${cells.join("")}</tr></thead><tbody>${given.map(row).join("")}${no.join("")}</tbody></table></div>`,
  );
}

function sentence(given: readonly Given[], bound: number, { options }: ReportData): string {
  const best = given.filter(({ packCount }) => packCount === bound).length;
  const limit = options.overlong === "split" ? "" : ` under the policy ${options.overlong}`;
  const reached =
    best === 0
      ? `The best ${given.length === 1 ? "needs" : "of them needs"} ${plural(given[0]!.packCount - bound, "pack")} more.`
      : best === given.length
        ? given.length === 1
          ? "The strategy reaches it."
          : `All ${n(best)} strategies reach it.`
        : best === 1
          ? `One of ${n(given.length)} strategies reaches it.`
          : `${n(best)} of ${n(given.length)} strategies reach it.`;
  return `No packing of these sequences${limit} has fewer than ${plural(bound, "pack")}: that is proved. ${reached}`;
}

/** Differences of a few packs in millions are told apart. */
function percent(share: number): string {
  return pc(share, share < 0.001 ? 3 : 1);
}

function duration(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(1) : n(milliseconds);
}
