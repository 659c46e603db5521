// The library's messages in the words of the command line: options as they are typed. What comes from
// the user (paths, names of columns, values) stays as it is, whatever it looks like.

import { flagOf, OPTION_NAMES } from "./options.js";

/** Keys of `columns` as they are typed. */
const COLUMN_FLAGS: Readonly<Record<string, string>> = {
  tokens: "--tokens-column",
  labels: "--labels-column",
  lossMask: "--loss-mask-column",
  attentionMask: "--attention-mask-column",
  carry: "--carry-columns",
  ignore: "--ignore-columns",
  lengths: "--length-column",
  ids: "--id-column",
};

/**
 * `message` with options as they are typed: maxSequencesPerPack as --max-sequences-per-pack. `words` are
 * the user's own; they and all that stands in quotes are left alone. `shorten` sees the message while
 * those are hidden.
 */
export function spoken(
  message: string,
  words: readonly string[],
  shorten = (hidden: string): string => hidden,
): string {
  const kept: string[] = [];
  const hide = (text: string): string => `\0${kept.push(text) - 1}\0`;
  const hidden = shorten(message.replace(theirs(words), hide))
    .replace(
      /`?\bcolumns\.(\w+)\b`?(?: to \[?\0(\d+)\0\]?)?/g,
      (whole, key: string, at?: string) => {
        const flag = COLUMN_FLAGS[key];
        if (flag === undefined) return whole;
        const name = at === undefined ? undefined : kept[Number(at)]?.replace(/^'|'$/g, "");
        return name === undefined ? flag : `${flag} ${hide(name)}`;
      },
    )
    .replace(/\bset split to one of them/, "use --split with one of them")
    .replace(/\bset repack\b/, "use --repack")
    .replace(
      /`?(?<![\w./\\=-])([a-z]+[A-Z][A-Za-z]*)(?![\w/\\=-]|\.\w)`?/g,
      (whole, name: string) => (OPTION_NAMES.has(name) ? flagOf(name) : whole),
    );
  return hidden.replace(/\0(\d+)\0/g, (_, at: string) => kept[Number(at)] ?? "");
}

/** `message` without the library's own way out, where the command line has another. */
export function withoutAdvice(message: string): string {
  return message.replace(/; (set|use|pass|give|choose) .*$/s, "");
}

/** What is the user's: the words that hold more than a name, what is quoted, columns that were found. */
function theirs(words: readonly string[]): RegExp {
  const own = words
    .filter((word) => /[^\w-]/.test(word))
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(
    [...own, "(?<!\\w)'[^']*'(?!\\w)", '"[^"]*"', "(?<=; found: ).*"].join("|"),
    "g",
  );
}
