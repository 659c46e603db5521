// Histograms in text files. Imports nothing: the bundle of the command line holds a copy.

/** What a text file of counts says, or the first line that says nothing. */
export type Counts =
  | { readonly counts: [length: number, count: number][]; readonly columns: number }
  | { readonly line: number; readonly text: string };

/** One count per line (line i: sequences of length i), or `length count` lines; # starts a comment. */
export function parseCounts(text: string): Counts {
  const counts: [number, number][] = [];
  let columns = 0;
  for (const [index, line] of text.trimEnd().split("\n").entries()) {
    const fields = line.replace(/#.*/, "").trim().split(/\s+/).filter(Boolean);
    // A comment counts for nothing; an empty line would, as a length nobody has, so it is refused.
    if (fields.length === 0 && line.includes("#")) continue;
    columns ||= fields.length;
    const wrong = fields.length !== columns || columns === 0 || columns > 2;
    if (wrong || !fields.every((field) => /^\d+$/.test(field)))
      return { line: index, text: line.slice(0, 40) };
    const [first = 0, second] = fields.map(Number);
    counts.push(second === undefined ? [counts.length + 1, first] : [first, second]);
  }
  return { counts: counts.filter(([, count]) => count > 0), columns };
}

/** What is wrong with a line. */
export function countsFault(path: string, { line, text }: { line: number; text: string }): string {
  return `line ${line + 1} of ${path} is no count and no \`length count\`: ${text}`;
}
