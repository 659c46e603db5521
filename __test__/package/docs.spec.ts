// What the documents say of other programs: the table of formats is the same in both places, has every
// format, and its versions are those that the interoperability run installs.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packDataset } from "../../index.js";
import { caught } from "../fixtures/dataset-files.js";

const root = join(import.meta.dirname, "../..");
const text = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");

/** Rows of the table of formats, cell by cell. */
const tableOf = (document: string): string[][] => {
  const [, table = ""] = /^(\| format \| rows \|.*?)\n\n/ms.exec(document) ?? [];
  const rows = table.split("\n").map((row) => row.split(" | ").map((cell) => cell.trim()));
  return rows.filter((cells) => cells[0]?.startsWith("| `"));
};

const table = tableOf(text("README.md"));
const nameOf = (cells: string[]): string => cells[0]!.slice(3, -1);

test("the table of formats is the same in the README and in docs/formats.md", (t) => {
  t.deepEqual(table, tableOf(text("docs", "formats.md")));
});

test("the table names every format, its reader, version, call and trap", async (t) => {
  const error = await caught(packDataset({ input: "x", output: "y", format: "none", capacity: 8 }));
  const known = [...error.message.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  t.deepEqual(table.map(nameOf).sort(), known.filter((name) => name !== "none").sort());
  for (const cells of table) {
    t.is(cells.length, 6, nameOf(cells));
    for (const cell of cells) t.not(cell, "", nameOf(cells));
  }
});

test("versions in the table are those that the interoperability run installs", (t) => {
  const pins = new Map(
    text("interop", "requirements.txt")
      .split("\n")
      .filter((line) => /^\w/.test(line))
      .map((line) => line.split("==") as [string, string]),
  );
  for (const cells of table) {
    const said = [...cells[3]!.matchAll(/([\w-]+) (\d+\.\d[\d.]*)/g)];
    t.true(said.length > 0, `${nameOf(cells)}: ${cells[3]}`);
    for (const [, name, version] of said) t.is(pins.get(name!), version, name);
  }
});

test("the interoperability run has every format and every guide", async (t) => {
  const run = text("interop", "run.mjs");
  for (const cells of table) t.regex(run, new RegExp(`^ {2}${nameOf(cells)}: \\[$`, "m"));
  const { guides } = (await import("../../interop/guides.mjs" as string)) as { guides: string[] };
  // A block that imports something begins a program; others show fragments.
  const withCode = readdirSync(join(root, "docs")).filter((name) =>
    /^```(js|python)\n(import|from) /m.test(text("docs", name)),
  );
  t.true(withCode.length >= 6);
  // These take things from elsewhere: guides-js.spec.ts runs them with what they need.
  const there = ["training-js.md", "remote-sources.md"];
  for (const name of withCode)
    t.true(there.includes(name) || guides.includes(name.replace(".md", "")), name);
});

test("links between the documents lead somewhere", (t) => {
  const documents = ["README.md", "CONTRIBUTING.md", "DESIGN.md"];
  documents.push(...readdirSync(join(root, "docs")).map((name) => join("docs", name)));
  for (const document of documents) {
    for (const [, link] of text(document).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      t.notThrows(() => text(join(document, ".."), link!), `${document}: ${link}`);
    }
  }
});
