// How sources are called, and in which colours.

import type { ReportData, ReportedSources } from "./data.js";
import { esc, plural } from "./text.js";

/** Letters of a name in a legend or beside a bar; tables have all of them. */
const SHOWN = 32;

/** What a source is called, as plain text, and whether that stands in the data. */
function called({ names, others }: ReportedSources, at: number): { text: string; own: boolean } {
  const name = names[at] ?? null;
  if (others !== undefined && at === names.length - 1)
    return { text: plural(others, "other"), own: false };
  if (name === null) return { text: "without a value", own: false };
  return name.trim() === "" ? { text: "empty text", own: false } : { text: name, own: true };
}

/** The name as plain text, cut where it is long. */
export function sourceText(sources: ReportedSources, at: number): string {
  const letters = [...called(sources, at).text];
  return letters.length <= SHOWN ? letters.join("") : `${letters.slice(0, SHOWN - 1).join("")}…`;
}

/** The name as markup: what the data doesn't say leans; `whole` however long it is. */
export function sourceName(sources: ReportedSources, at: number, whole = false): string {
  const { text, own } = called(sources, at);
  const shown = esc(whole ? text : sourceText(sources, at));
  return own ? shown : `<i>${shown}</i>`;
}

/**
 * The colour of each source of `data`, in a page about `own`: a place in its list, none for what isn't there.
 */
export function coloursOf(data: ReportData, own: ReportData): (number | undefined)[] {
  const { sources } = own;
  if (sources === undefined || data.sources === undefined) return [];
  const isOthers = (of: ReportedSources, at: number): boolean =>
    of.others !== undefined && at === of.names.length - 1;
  return data.sources.names.map((name, at) => {
    if (data === own) return at;
    const others = isOthers(data.sources!, at);
    const same = sources.names.findIndex(
      (candidate, place) => candidate === name && isOthers(sources, place) === others,
    );
    return same < 0 || others ? undefined : same;
  });
}
