// docs/reliability.md says which test holds each promise: the file is there, and the test in it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs", "reliability.md"), "utf8");

/** Each point of the page, on a line of its own. */
const points = page.split("\n").filter((line) => line.startsWith("- "));

/** Files of a point, each with the names of tests that follow it. */
const heldBy = (point: string): { file: string; names: string[] }[] => {
  const files = [...point.matchAll(/`((?:__test__|crates|fuzz)\/[^`]+)`((?:, "[^"]+")*)/g)];
  return files.map(([, file, names]) => ({
    file: file!,
    names: [...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => name!),
  }));
};

/** What a file calls its tests, as words: functions of Rust, titles of TypeScript. */
const testsOf = (file: string, text: string): string[] =>
  file.endsWith(".rs")
    ? [...text.matchAll(/#\[test\]\s+(?:#\[.*\]\s+)*fn (\w+)/g)].map(([, name]) =>
        name!.replaceAll("_", " "),
      )
    : [...text.matchAll(/\b(?:test(?:\.serial)?|onLinux)\(\s*(["`])(.*?)\1/g)].map(([, , title]) =>
        title!.replace(/^\$\{\w+\}:? /, ""),
      );

test("every promise has a test, or says that it is none", (t) => {
  t.true(points.length > 20);
  for (const point of points)
    t.is(heldBy(point).length === 0, point.startsWith("- Not "), point.slice(0, 60));
});

const mentions = points.flatMap(heldBy);

for (const file of new Set(mentions.map((mention) => mention.file)))
  test(`${file} holds what the page says`, (t) => {
    t.true(existsSync(join(root, file)), file);
    if (file.startsWith("fuzz/")) return;
    const tests = testsOf(file, readFileSync(join(root, file), "utf8"));
    t.true(tests.length > 0, file);
    const named = mentions.filter((mention) => mention.file === file);
    for (const name of named.flatMap(({ names }) => names)) t.true(tests.includes(name), name);
  });
