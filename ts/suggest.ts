// "Did you mean": the nearest of the names that exist.

/**
 * The name nearest to `given`, or undefined if none is near: least Damerau-Levenshtein distance
 * (optimal string alignment), ignoring case, `-` and `_`, at most max(2, a third of the given
 * name's length); also where one name begins with the other and 4 letters or more agree. Among
 * equals the first of `names`.
 */
export function suggest<T extends string>(given: string, names: readonly T[]): T | undefined {
  const plain = fold(given);
  if (plain === "" || plain.length > 100) return undefined;
  const limit = Math.max(2, Math.floor(given.length / 3));
  let best: T | undefined;
  let least = limit + 1;
  for (const name of names) {
    const gap = distance(plain, fold(name));
    if (gap < least) [best, least] = [name, gap];
  }
  return best ?? names.find((name) => beginsAlike(plain, fold(name)));
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, "");
}

function beginsAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a));
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
