// The pieces that views consist of: a section, a table, bars with names.

import { mark } from "./svg.js";
import { esc, r2 } from "./text.js";

/** One view: a heading, the sentence that says the finding, and what shows it. */
export function view(id: string, title: string, say: string, body: string): string {
  return `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${title}</h2><p class="say">${say}</p>${body}</section>`;
}

/** A table whose first column names the row. Cells are markup. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { id, cls }: { id?: string; cls?: string } = {},
): string {
  const head = headings.map((text) => `<th scope="col">${text}</th>`).join("");
  const row = ([name = "", ...cells]: readonly string[]): string =>
    `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  const attributes = `${id ? ` id="${id}"` : ""}${cls ? ` class="${cls}"` : ""}`;
  return `<div class="scroll" tabindex="0" role="group" aria-label="${esc(caption)}"><table${attributes}><caption class="sr">${esc(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${rows.map(row).join("")}</tbody></table></div>`;
}

/** The figures of a chart, folded away. */
export function figures(content: string): string {
  return `<details><summary>Figures</summary>${content}</details>`;
}

/** One bar of a list; `text` is markup, `other` an outline over it. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly cls?: string;
  readonly other?: number | undefined;
}

/** Horizontal bars, named at their left, their figures at the right. */
export function bars(rows: readonly Bar[], label: string): string {
  const most = Math.max(
    ...rows.flatMap(({ value, other = 0 }) => [value, other]),
    Number.MIN_VALUE,
  );
  const width = (value: number): string =>
    `${r2(Math.max((value / most) * 100, value > 0 ? 0.25 : 0))}%`;
  const row = ({ name, value, text, cls = "bar", other }: Bar): string => {
    const own = mark("rect", cls, { width: width(value), height: 14, y: 2 });
    const outline =
      other === undefined ? "" : mark("rect", "outline", { width: width(other), height: 16, y: 1 });
    return `<div class="hrow"><span class="hname">${name}</span><svg width="100%" height="18" aria-hidden="true">${own}${outline}</svg><span class="hval">${text}</span></div>`;
  };
  return `<div class="hbars" role="group" aria-label="${esc(label)}">${rows.map(row).join("")}</div>`;
}
