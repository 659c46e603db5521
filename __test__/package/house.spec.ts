// The checks of `npm run lint` that keep the rooms apart, tried on small houses with one fault each:
// a check that can't fail holds nothing.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";

const root = join(import.meta.dirname, "../..");

/** Runs a check in a folder that holds these files and nothing else. */
function checked(
  files: Readonly<Record<string, string>>,
  command: (folder: string) => readonly string[],
): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), "stowage-house-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, command(folder), {
      cwd: folder,
      encoding: "utf8",
    });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const modules = (files: Readonly<Record<string, string>>): ReturnType<typeof checked> =>
  checked({ ...rust, ...files }, (folder) => [join(root, "scripts/lint/modules.mjs"), folder]);

const rust = {
  "src/lib.rs": "mod plan;\nuse stowage_engine::Plan;",
  "src/plan.rs": "use napi::bindgen_prelude::Result;\nuse stowage_dataset::pack;",
  "crates/dataset/src/lib.rs": "pub mod pack;\npub use pack::pack;",
  "crates/dataset/src/pack.rs": "use stowage_engine::Plan;\npub fn pack(plan: Plan) {}",
  "crates/text/src/lib.rs": "pub struct Encoder;",
  "crates/engine/src/lib.rs": "mod plan;\nmod rows;\npub use plan::Plan;\npub use rows::fill;",
  "crates/engine/src/plan.rs": "pub struct Plan;",
  "crates/engine/src/rows/mod.rs": "mod column;\nmod labels;\npub use column::fill;",
  "crates/engine/src/rows/column.rs": "use super::labels::IGNORE;\npub fn fill() -> i32 { IGNORE }",
  "crates/engine/src/rows/labels.rs": "pub const IGNORE: i32 = -100;",
};

test("Rust: a house in order passes, with parts passed on and the tests of a file left out", (t) => {
  const labels = `/* use super::column; */ pub const IGNORE: i32 = -100; // crate::rows::column::fill
pub const TEXT: &str = "crate::rows::fill";
#[cfg(test)]
mod tests { use crate::rows::fill; }`;
  const { status, said } = modules({ "crates/engine/src/rows/labels.rs": labels });
  t.is(said.trim(), "no circle and no arrow the wrong way among 10 files of Rust");
  t.is(status, 0);
});

const labels = "pub const IGNORE: i32 = -100;\n";
for (const [name, files, message] of [
  [
    "by a `use` line",
    { "rows/labels.rs": `${labels}use crate::{plan::Plan, rows::{column::{self, fill}}};` },
    /2 files reach each other in a circle\n {2}rows\/column\.rs → rows\/labels\.rs: IGNORE\n {2}rows\/labels\.rs → rows\/column\.rs: column, fill\n/,
  ],
  [
    "by a path in the code",
    { "rows/labels.rs": `${labels}fn f() -> i32 { super::column::fill() }` },
    /labels\.rs → rows\/column\.rs: fill/,
  ],
  [
    "by a name that others pass on",
    { "rows/labels.rs": `${labels}use crate::fill as other;` },
    /labels\.rs → rows\/column\.rs: fill/,
  ],
  [
    "of a folder's own file and one below it",
    {
      "rows/mod.rs":
        "mod column;\nmod labels;\npub use column::fill;\npub struct Row;\nfn all() { fill(); }",
      "rows/column.rs": "use super::Row;\npub fn fill() -> Row { Row }",
    },
    /column\.rs → rows\/mod\.rs: Row\n {2}rows\/mod\.rs → rows\/column\.rs: fill/,
  ],
  [
    "of three files",
    {
      "plan.rs": "pub struct Plan(crate::rows::Fill);",
      "rows/labels.rs": `${labels}use crate::Plan;`,
      "rows/mod.rs": "mod column;\nmod labels;\npub use column::{fill, Fill};",
    },
    /3 files reach each other/,
  ],
] as const) {
  test(`Rust: a circle is named, ${name}`, (t) => {
    const placed = Object.entries(files).map(([path, text]) => [`crates/engine/src/${path}`, text]);
    const { status, said } = modules(Object.fromEntries(placed));
    t.is(status, 1);
    t.regex(said, message);
  });
}

for (const [path, text, message] of [
  [
    "engine/src/plan.rs",
    "use stowage_dataset::pack;",
    /names stowage_dataset::pack: the engine is/,
  ],
  [
    "engine/src/plan.rs",
    "fn f(_: napi::Env) {}",
    /names napi::Env: the engine doesn't know its host/,
  ],
  [
    "engine/src/plan.rs",
    "use std::{fmt, fs::File};",
    /names std::fs::File: the engine has no files/,
  ],
  [
    "text/src/lib.rs",
    "use stowage_engine::Plan;",
    /names stowage_engine::Plan: text knows nothing of packing/,
  ],
  ["dataset/src/pack.rs", "use napi_derive::napi;", /names napi_derive::napi: crates\/dataset/],
] as const) {
  test(`Rust: arrows point one way: crates/${path} may not say ${text}`, (t) => {
    const { status, said } = modules({ [`crates/${path}`]: text });
    t.is(status, 1);
    t.regex(said, message);
  });
}

const imports = (files: Readonly<Record<string, string>>): ReturnType<typeof checked> =>
  checked({ ...typescript, ...files }, () => [
    join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
    ...["--config", join(root, "scripts/lint/imports.mjs"), "ts", "__test__"],
  ]);

const typescript = {
  "index.js": "",
  "native.js": "",
  "ts/index.ts":
    'export { Plan } from "./plan/plan.js";\nexport type { Row } from "./rows/rows.js";',
  "ts/base/native.ts": 'export const native = require("../../native.js");',
  "ts/base/errors.ts": "export class StowageError extends Error {}",
  "ts/packing/packing.ts":
    'import { StowageError } from "../base/errors.js";\nexport const no = StowageError;',
  "ts/plan/plan.ts": 'import { no } from "../packing/packing.js";\nexport class Plan { no = no; }',
  "ts/rows/rows.ts":
    'import type { no } from "../packing/packing.js";\nexport type Row = typeof no;',
  "ts/dataset/formats.ts": 'export const all = ["parquet"];',
  "ts/cli/main.ts":
    'import { all } from "../dataset/formats.js";\nimport { Plan } from "../index.js";\nnew Plan(all);',
  "__test__/models/rows.ts": "export const rows = [];",
  "__test__/rows/rows.spec.ts":
    'import "../../index.js";\nimport { rows } from "../models/rows.js";\nrows;',
};

test("TypeScript: a house in order passes", (t) => {
  const { status, said } = imports({});
  t.is(status, 0, said);
  t.regex(said, /no dependency violations found/);
});

test("TypeScript: each import that breaks a rule is named with its rule", (t) => {
  const { status, said } = imports({
    "ts/packing/made.ts": 'import type { b } from "./parts.js"; export type a = b;',
    "ts/packing/parts.ts": 'import type { a } from "./made.js"; export type b = a;',
    "ts/base/above.ts": 'import "../packing/packing.js";',
    "ts/rows/beside.ts": 'export type { Plan } from "../plan/plan.js";',
    "ts/base/public.ts": 'import type { Row } from "../index.js"; export type R = Row;',
    "ts/help.ts": 'import "./base/errors.js";',
    "ts/cli/behind.ts": 'import "../plan/plan.js";',
    "ts/cli/binary.ts": 'import "../../native.js";',
    "ts/dataset/formats.ts": 'import "../base/errors.js"; export const all = [];',
    "ts/base/package.ts": 'import "commander";',
    "ts/plan/lost.ts": 'import "./json.js";',
    "__test__/rows/inside.spec.ts": 'import "../../ts/plan/plan.js";',
    "__test__/rows/private.ts": 'import "../../native.js";',
    "__test__/rows/spec.ts": 'import "./rows.spec.js";',
    "__test__/models/asks.ts": 'import "../../index.js";',
  });
  t.true((status ?? 0) > 0);
  for (const line of [
    /no-circle: ts\/packing\/(made|parts)\.ts/,
    /room-base: ts\/base\/above\.ts → ts\/packing\/packing\.ts/,
    /room-base: ts\/base\/public\.ts → ts\/index\.ts/,
    /room-rows: ts\/rows\/beside\.ts → ts\/plan\/plan\.ts/,
    /no-other-room: ts\/help\.ts/,
    /cli-public-only: ts\/cli\/behind\.ts → ts\/plan\/plan\.ts/,
    /cli-public-only: ts\/cli\/binary\.ts → native\.js/,
    /formats-import-nothing: ts\/dataset\/formats\.ts/,
    /no-run-time-package: ts\/base\/package\.ts → commander/,
    /not-found: ts\/plan\/lost\.ts/,
    /tests-see-the-package: __test__\/rows\/inside\.spec\.ts → ts\/plan\/plan\.ts/,
    /private-binding: __test__\/rows\/private\.ts → native\.js/,
    /specs-stand-alone: __test__\/rows\/spec\.ts/,
    /models-stand-alone: __test__\/models\/asks\.ts/,
  ])
    t.regex(said, line);
});
