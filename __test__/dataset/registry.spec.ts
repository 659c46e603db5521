// The list of formats in native code is the only one: whatever else names formats agrees with it, and
// none lacks what CONTRIBUTING says a format consists of.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packDataset } from "../../index.js";
import { caught } from "../fixtures/dataset-files.js";
import { formats, withRows } from "../fixtures/formats.js";

const root = join(import.meta.dirname, "../..");
const text = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");

test("there are formats, each named once", (t) => {
  t.true(formats.length >= 11);
  t.is(new Set(formats).size, formats.length);
});

test("packDataset and the command line offer the formats of native code, in its order", async (t) => {
  const options = { input: "x", output: "y", format: "none", capacity: 8 };
  const { message } = await caught(packDataset(options));
  const offered = [...message.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
  t.deepEqual(
    offered.filter((name) => name !== "none"),
    formats,
  );
  const cli = join(root, "dist/cli/main.js");
  const { stdout } = spawnSync(process.execPath, [cli, "pack", "--help"], { encoding: "utf8" });
  const [, choices] = /--format <.*?choices: ([^)]*?),\s+default/s.exec(stdout) ?? [];
  t.truthy(choices, stdout);
  // A plan instead of rows has a verb of its own, `prepare`.
  t.deepEqual(
    [...choices!.matchAll(/"(\w+)"/g)].map(([, name]) => name!),
    withRows,
  );
});

for (const format of formats) {
  test(`${format} has its room, its reader, its documentation and its interop check`, (t) => {
    const room = join("crates", "dataset", "src", "format", format);
    t.true(existsSync(join(root, room, "mod.rs")), room);
    t.true(existsSync(join(root, room, "write.rs")), `${room}/write.rs`);
    // Two formats share the reader of plain tables.
    const shared = /use super::shape::table::open_columns;/.test(text(room, "mod.rs"));
    t.true(shared || existsSync(join(root, room, "read.rs")), `${room}/read.rs`);
    for (const document of ["README.md", join("docs", "formats.md")])
      t.regex(text(document), new RegExp(`^\\| \`${format}\` \\|`, "m"), document);
    t.regex(text("ts", "dataset", "formats.ts"), new RegExp(`'${format}'.*:`), "its sentence");
    t.regex(text("interop", "run.mjs"), new RegExp(`^ {2}${format}: \\[$`, "m"));
  });
}
