// "Did you mean": the nearest of the names that exist.

/** As many slips of the finger go before the guess that a name was cut short. */
const SLIPS = 2;

/**
 * The name nearest to `given`, or undefined if none is near: least Damerau-Levenshtein distance
 * (optimal string alignment), ignoring case, `-` and `_`, at most `limit`: max(2, a third of the given
 * name's length) unless said. Above two slips a name that begins with `given` is nearer (best-fit-decr means
 * best-fit-decreasing, not best-fit); last, one that `given` begins with. Beginnings count from 4
 * letters on. Among equals the first of `names`.
 */
export function suggest<T extends string>(
  given: string,
  names: readonly T[],
  limit: number = Math.max(SLIPS, Math.floor(given.length / 3)),
): T | undefined {
  const plain = fold(given);
  if (plain === "" || plain.length > 100) return undefined;
  let best: T | undefined;
  let least = limit + 1;
  for (const name of names) {
    const gap = distance(plain, fold(name));
    if (gap < least) [best, least] = [name, gap];
  }
  const begun = least > SLIPS ? names.find((name) => begins(fold(name), plain)) : undefined;
  return begun ?? best ?? names.find((name) => begins(plain, fold(name)));
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, "");
}

function begins(name: string, beginning: string): boolean {
  return beginning.length >= 4 && name.startsWith(beginning);
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
