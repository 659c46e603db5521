// Codes of errors and names of strategies have one home in native code; what TypeScript says of them
// agrees, or they would reach people as bugs of ours.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packSync, strategies } from "../../index.js";

const root = join(import.meta.dirname, "../..");
const text = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");

/** All codes that Rust files below `folder` write. */
function codesBelow(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".rs"))
    .flatMap((file) => [...text(folder, file).matchAll(/"(ERR_[A-Z_]+)"/g)])
    .map(([, code]) => code!);
}

test("the codes of native code are those that errors.ts expects of it", (t) => {
  const written = new Set(["src", "crates/engine/src", "crates/dataset/src"].flatMap(codesBelow));
  // A cancel reaches people as their own signal's reason.
  t.true(written.delete("ERR_CANCELLED"));
  const lines = [...text("ts", "base", "errors.ts").matchAll(/^ {2}(ERR_[A-Z_]+): true,$/gm)];
  t.deepEqual([...written].sort(), lines.map(([, code]) => code!).sort());
});

test("every code stands in README", (t) => {
  const codes = [...text("ts", "base", "errors.ts").matchAll(/^ {2}\| "(ERR_[A-Z_]+)"/gm)];
  t.true(codes.length >= 18);
  for (const [, code] of codes) t.true(text("README.md").includes(`\`${code}\``), code);
});

test("the strategies that messages list are those of native code", (t) => {
  const { message } = t.throws(() => packSync([1], { capacity: 1, strategy: "none" as never }));
  const [, listed = ""] = /strategies are (.*)$/.exec(message) ?? [];
  t.deepEqual(
    listed.split(", ").sort(),
    strategies()
      .map(({ name }) => name)
      .sort(),
  );
});
