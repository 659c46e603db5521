// What a page calls its files. Imports nothing of the room: the bundle of the command line holds a copy.

import { basename } from "node:path";

/** The first name, and how many there are beside it. */
export function labelOf(paths: readonly string[], named: (path: string) => string = last): string {
  const [first = "", ...others] = paths;
  return others.length > 0 ? `${named(first)} and ${others.length} more` : named(first);
}

/** The file's name without its folders. */
function last(path: string): string {
  return basename(path) || path;
}
