// The packs: a row each, a block for every sequence.

import type { PackedSource, ReportData, ReportedPack } from "../data.js";
import { added } from "../mixture.js";
import { size } from "../packs.js";
import { pairOf } from "../pair.js";
import { view } from "../parts.js";
import { coloursOf, sourceName, sourceText } from "../source-names.js";
import { mark, title } from "../svg.js";
import { esc, n, pc, plural, r2 } from "../text.js";

/** Blocks below this share of a pack are drawn as one. */
const SMALL = 0.004;
/** Shares of a pack at which the colour of a block changes. */
const STEPS = [1 / 64, 1 / 16, 1 / 4, 1 / 2];
const STEP_NAMES = ["≤ 1/64", "≤ 1/16", "≤ 1/4", "≤ 1/2", "longer"];

const LISTS = [
  ["sample", "random sample"],
  ["worst", "emptiest"],
  ["top", "most repeated"],
] as const;

export function packsView(data: ReportData): string {
  const { packs, other } = data;
  if (packs.sample.length === 0) return "";
  const radios = LISTS.map(([key, label]) => radio("packs", key, label, key === "sample"));
  const which = `<fieldset class="switch"><legend class="sr">Which packs</legend>${radios.join("")}</fieldset>`;
  const { sources } = data;
  const colour = sources
    ? `<fieldset class="switch colour"><legend class="sr">Colours of the blocks</legend>${radio("colour", "length", "colour by length", true)}${radio("colour", "source", "by source", false)}</fieldset>`
    : "";
  const own = column(data, data, "");
  const both =
    other === undefined || other.packs.sample.length === 0
      ? own
      : `<div class="two wide"><div><h3>${esc(pairOf(data, other)[0])}</h3>${own}</div><div><h3>${esc(pairOf(data, other)[1])}</h3>${column(other, data, "other ")}</div></div>`;
  return view(
    "packs",
    "The packs",
    sentence(data),
    `${which}${colour}${legend()}${sourceLegend(data)}${both}<div id="inspect" role="status" hidden></div>`,
  );
}

function radio(name: string, value: string, label: string, on: boolean): string {
  return `<label><input type="radio" name="${name}" value="${value}"${on ? " checked" : ""}>${label}</label>`;
}

function swatch(classes: string, name: string): string {
  const box = mark("rect", classes, { width: 14, height: 14 });
  return `<span><svg width="14" height="14" aria-hidden="true">${box}</svg>${name}</span>`;
}

function legend(): string {
  const steps = STEP_NAMES.map((name, at) => swatch(`s s${at}`, name));
  return `<p class="legend bylength"><span>share of a pack:</span>${steps.join("")}${swatch("pad", "padding")}</p>`;
}

/** Which colour is which source, and what the other packing has besides. */
function sourceLegend({ sources, other }: ReportData): string {
  if (sources === undefined) return "";
  const names = sources.names.map((_, at) => swatch(`k k${at}`, sourceName(sources, at)));
  const unknown = other === undefined ? "" : swatch("k kx", "not among these");
  return `<p class="legend bysource"><span>source:</span>${names.join("")}${unknown}${swatch("pad", "padding")}</p>`;
}

/** The lists of a packing; `own` is the report whose sources have colours. */
function column(data: ReportData, own: ReportData, prefix: string): string {
  const head = `<div class="head" aria-hidden="true"><span>sequences</span><span></span><span class="rs">padding</span><span class="rt">times</span></div>`;
  return head + LISTS.map(([key]) => list(data, own, prefix, key)).join("");
}

function list(
  data: ReportData,
  own: ReportData,
  prefix: string,
  key: "sample" | "worst" | "top",
): string {
  // The emptiest and the most repeated are kinds of packs, which have lengths and no sources.
  const colours = key === "sample" && own.sources ? coloursOf(data, own) : undefined;
  const rows = data.packs[key].map((pack, at) => {
    const count = size(pack);
    const name = `${n(count)}<span class="sr"> ${count === 1 ? "sequence" : "sequences"}: ${listing(pack)}; ${mixed(pack, data)}</span>`;
    const end =
      key === "top"
        ? `×${n(pack.multiplicity)}<span class="sr"> packs, ${n(pack.padding)} padding</span>`
        : `${n(pack.padding)}<span class="sr"> padding</span>`;
    return `<li><button type="button" class="pack" tabindex="${at === 0 ? 0 : -1}" data-pack="${prefix}${key} ${at}" aria-pressed="false"><span class="num">${name}</span>${blocks(pack, data, colours)}<span class="num">${end}</span></button></li>`;
  });
  return `<ol class="packs" data-list="${key}">${rows.join("")}</ol>`;
}

/** The longest lengths of a pack, in words. */
function listing({ runs, rest }: ReportedPack): string {
  const shown = runs
    .slice(0, 6)
    .map(([length, times]) => (times > 1 ? `${times} × ${n(length)}` : n(length)));
  return shown.join(", ") + (runs.length > 6 || rest ? " …" : "");
}

/** What a pack is mixed of, in words. */
function mixed({ sources, rest }: ReportedPack, data: ReportData): string {
  if (sources === undefined || data.sources === undefined) return "";
  const words = added([...sources.flat(), ...(rest?.sources ?? [])]).map(
    ([source, , tokens]) => `${n(tokens)} of ${esc(sourceText(data.sources!, source))}`,
  );
  return `${words.join(", ")}; `;
}

/** The sequences of a pack as blocks, longest first, and its padding. */
function blocks(
  pack: ReportedPack,
  { options, sources }: ReportData,
  colours: readonly (number | undefined)[] | undefined,
): string {
  const { capacity } = options;
  const at = (tokens: number): string => `${r2((tokens / capacity) * 100)}%`;
  const step = (length: number): number =>
    STEPS.filter((share) => length > share * capacity).length;
  const out: string[] = [];
  let filled = 0;
  const block = (classes: string, tokens: number, said: string): void => {
    const box = { x: at(filled), width: at(tokens), height: 16 };
    out.push(mark("rect", classes, box, title(said)));
    filled += tokens;
  };
  // Blocks of a pack whose sources aren't known are of one, which has no name.
  const whole = ([length, times]: readonly [number, number]): PackedSource[] => [
    [-1, times, length * times],
  ];
  const coloured = (source: number): string =>
    colours === undefined ? "" : ` o${colours[source] ?? "x"}`;
  const of = (source: number): string =>
    sources && source >= 0 ? ` of ${sourceText(sources, source)}` : "";
  const { rest } = pack;
  const short: PackedSource[] = rest
    ? (rest.sources ?? [[-1, rest.sequences, rest.tokens] as const]).map((entry) => [...entry])
    : [];
  for (const [at, run] of pack.runs.entries()) {
    const [length] = run;
    const own = pack.sources?.[at] ?? whole(run);
    if (length < SMALL * capacity) {
      short.push(...own);
      continue;
    }
    for (const [source, times] of own) {
      const name = plural(length, "token") + of(source);
      for (let k = 0; k < times; k++) block(`s s${step(length)}${coloured(source)}`, length, name);
    }
  }
  for (const [source, few, little] of added(short)) {
    const tokens = plural(little, "token") + of(source);
    const name = few === 1 ? tokens : `${plural(few, "short sequence")}, together ${tokens}`;
    block(`s s0 many${coloured(source)}`, little, name);
  }
  if (pack.padding > 0) {
    const width = `${r2(Math.max((pack.padding / capacity) * 100, 0.3))}%`;
    const box = { x: `${r2(Math.min((filled / capacity) * 100, 99.7))}%`, width, height: 16 };
    out.push(mark("rect", "pad", box, title(plural(pack.padding, "padding token"))));
  }
  return `<svg width="100%" height="16" aria-hidden="true">${out.join("")}</svg>`;
}

function sentence({ packs, options, padding, stats, sources }: ReportData): string {
  const full = padding[0]?.from === 0 ? padding[0].packs : 0;
  const told =
    full === 0
      ? stats.packCount === 1
        ? "It has some padding."
        : "Every pack has some padding."
      : full === stats.packCount
        ? `<b>${full === 1 ? "It has no padding at all." : "No pack has any padding."}</b>`
        : `<b>${pc(full / stats.packCount)} of the packs have no padding at all.</b>`;
  const shown =
    packs.sample.length === packs.of
      ? packs.of === 1
        ? "There is one pack."
        : `All ${n(packs.of)} packs are shown.`
      : `Shown: ${n(packs.sample.length)} of ${plural(packs.of, "pack")}, drawn with seed ${n(packs.seed)}.`;
  const said = packs.of === 1 ? `${shown} ${told}` : `${told} ${shown}`;
  return `Each row is one pack of ${plural(options.capacity, "token")}; each block is one sequence, in a stronger blue for a longer one${sources ? ", or in the colour of its source" : ""}. ${said}`;
}
