// The page: one file, no request of any kind, whole without its script.

/// <reference path="./texts.d.ts" />

import { createHash } from "node:crypto";
import type { ReportData } from "./data.js";
import script from "./page.browser.js";
import style from "./page.css";
import { esc, n } from "./text.js";
import { capacityView } from "./views/capacity.js";
import { fillView } from "./views/fill.js";
import { headerView } from "./views/header.js";
import { lengthsView } from "./views/lengths.js";
import { packsView } from "./views/packs.js";
import { proofView } from "./views/proof.js";
import { sourcesView } from "./views/sources.js";
import { strategiesView } from "./views/strategies.js";
import { workView } from "./views/work.js";

/** What the links are called. */
const VIEWS: readonly (readonly [id: string, name: string, draw: (data: ReportData) => string])[] =
  [
    ["lengths", "Lengths", lengthsView],
    ["capacity", "Capacity", capacityView],
    ["packs", "Packs", packsView],
    ["sources", "Sources", sourcesView],
    ["fill", "Fill", fillView],
    ["strategies", "Strategies", strategiesView],
    ["work", "Savings", workView],
    ["proof", "Proof", proofView],
  ];

/** The pattern of padding, which the style sheet refers to. */
export const PATTERN: string =
  '<svg width="0" height="0" aria-hidden="true" focusable="false"><defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hb" width="5" height="5"/><rect class="hl" width="1.6" height="5"/></pattern></defs></svg>';

/** The style sheet and the script of the page, which the desk has, too. */
export const PAGE: { readonly style: string; readonly script: string } = { style, script };

/** Header, links and all views that have something to show, without the page around them. */
export function sections(data: ReportData): string {
  const drawn = VIEWS.map(([id, name, draw]) => ({ id, name, body: draw(data) })).filter(
    ({ body }) => body !== "",
  );
  const links = drawn.map(({ id, name }) => `<a href="#${id}">${name}</a>`).join("");
  return `<header>${headerView(data)}<nav aria-label="Sections">${links}<button type="button" id="theme" hidden>Theme: system</button></nav></header><main id="main">${drawn.map(({ body }) => body).join("\n")}</main>`;
}

/** Data as JSON that ends no script. */
export function embedded(data: ReportData): string {
  return JSON.stringify(data).replace(/</g, "\\u003c");
}

/** What a policy lets run: exactly this text. */
export function digest(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/**
 * The figures as one page: HTML that needs no other file, no network and no script. The same data give
 * the same bytes. A script of a few KB in it adds pointer, keys and themes.
 *
 * @param data from {@link reportData}
 * @returns the whole document
 *
 * @example
 * const html = renderReport(await reportData([5, 3, 5, 7], { capacity: 10 }));
 * html.includes("in <b>2 packs of 10</b>"); // => true
 */
export function renderReport(data: ReportData): string {
  const policy = `default-src 'none'; script-src ${digest(script)}; style-src ${digest(style)}; base-uri 'none'; form-action 'none'`;
  const name = `${esc(data.title ?? data.source.label)} in packs of ${n(data.options.capacity)} – stowage`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><title>${name}</title><style>${style}</style></head><body><a class="skip" href="#main">Skip to the figures</a>${PATTERN}
${sections(data)}
<div id="tip" role="status" hidden></div><script type="application/json" id="data">${embedded(data)}</script><script>${script}</script></body></html>
`;
}
