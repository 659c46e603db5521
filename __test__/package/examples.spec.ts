// Every `@example` of the public surface is executed: a line `expression; // => value` must give
// that value. Typed arrays are compared as plain ones. Examples that use files find `node:fs` in
// scope and run in a folder that holds nothing but `tokenizer`, the bundled one.
import * as fs from "node:fs";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import test from "ava";
import { transformSync } from "esbuild";
import * as desk from "../../desk.js";
import * as stowage from "../../index.js";
import * as job from "../../job.js";
import * as report from "../../report.js";

const declared = (file: string): string =>
  readFileSync(join(import.meta.dirname, "../..", file), "utf8");
const source =
  declared("index.d.ts") + declared("report.d.ts") + declared("desk.d.ts") + declared("job.d.ts");

interface Example {
  name: string;
  code: string;
}

/** Examples with the name of what they document, in the order of the file. */
function examples(): Example[] {
  const found: Example[] = [];
  for (const [, comment, declaration] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(.*)/g,
  )) {
    const text = comment!.replace(/^\s*\* ?/gm, "");
    for (const part of text.split(/^@example\s*$/m).slice(1)) {
      const code = part.split(/^@\w+/m)[0]!.trim();
      const name = /(?:class|function|const|static|get|readonly)?\s*(\[?\w+[^(:{]*)/.exec(
        declaration!.replace(/^export declare /, ""),
      );
      found.push({ name: (name?.[0] ?? declaration!).trim(), code });
    }
  }
  return found;
}

/** The code with every expectation turned into a check. */
function checked(code: string): string {
  return code.replace(
    /^(\s*)(.*?);? \/\/ => (.*)$/gm,
    (_, indent: string, line: string, value: string) => {
      const expected = value.replace(/^\w+Array(?:\(\d+\))? \[/, "[");
      const bound = /^(?:const|let) (\w+) =/.exec(line);
      return bound
        ? `${indent}${line}; check(${bound[1]}, ${expected});`
        : `${indent}check((${line}), ${expected});`;
    },
  );
}

/** Typed arrays as plain ones, at any depth. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint32Array);
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && Object.getPrototypeOf(value ?? 0) === Object.prototype) {
    const entries = Object.entries(value as object).map(([key, each]) => [key, plain(each)]);
    return Object.fromEntries(entries);
  }
  return value;
}

const all = examples();

test("there are examples, and each expects something", (t) => {
  t.true(all.length >= 25, `${all.length}`);
  for (const { name, code } of all) t.regex(code, /\/\/ =>/, name);
});

const folder = mkdtempSync(join(tmpdir(), "stowage-examples-"));
process.chdir(folder);
cpSync(join(import.meta.dirname, "../../examples/data/tokenizer"), "tokenizer", {
  recursive: true,
});
test.after.always(() => rmSync(folder, { recursive: true }));

type Run = (scope: object, check: (found: unknown, expected: unknown) => void) => Promise<void>;

for (const [i, { name, code }] of all.entries()) {
  test(`example ${i + 1}: ${name}`, async (t) => {
    const scope = { ...fs, ...stowage, ...report, ...desk, ...job };
    const names = Object.keys(scope).filter((key) => key !== "default");
    const body = `return async ({ ${names.join(", ")} }, check) => {{${checked(code)}\n}}`;
    const { code: script } = transformSync(`(() => { ${body} })`, { loader: "ts" });
    const run = (runInThisContext(script) as () => Run)();
    let checks = 0;
    await run(scope, (found, expected) => {
      checks++;
      t.deepEqual(plain(found), expected);
    });
    t.true(checks > 0);
  });
}
