// The bar: in as few columns as a terminal has, with a total that stays, a rate and the time left.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { assert, constantFrom, double, nat, property, record } from "fast-check";
import { barLine } from "../../ts/cli/bar.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const docs = join(root, "examples", "data", "python-docs.jsonl");

const MIB = 2 ** 20;
const writing = { stage: "writing", unit: "bytes", done: 470 * MIB, total: 1000 * MIB } as const;

test("forty columns have room for per cent, stage, rate and time left, in that order", (t) => {
  // 470 MiB in 4.7 s are 100 a second: 530 of them take 5.3 s more.
  const line = barLine({ ...writing, elapsed: 4700 }, 40);
  t.regex(line, /^ 47 % writing .*100 MiB\/s, 6 s left$/);
  t.true(line.length < 40);
});

test("a wide terminal has a bar and the figures, too", (t) => {
  const line = barLine({ ...writing, elapsed: 4700 }, 100);
  t.is(
    line,
    ` 47 % writing ${"█".repeat(14)}${"░".repeat(16)} 100 MiB/s, 6 s left, 470 of 1,000 MiB`,
  );
});

test("what isn't known isn't said: no rate at first, no per cent of a pipe", (t) => {
  t.notRegex(barLine({ ...writing, elapsed: 10 }, 100), /left|\/s/);
  const pipe = barLine({ ...writing, stage: "receiving", total: 0, elapsed: 4700 }, 100);
  t.is(pipe, "receiving 100 MiB/s, 470 MiB");
  const plan = {
    stage: "planning",
    unit: "work",
    done: 5,
    total: 10,
    elapsed: 9e3,
    gap: 3,
  } as const;
  t.regex(barLine(plan, 100), /^ 50 % planning █{15}░{15} gap 3, 5 of 10$/);
});

test("a line is never as wide as the terminal, and begins with the per cent", (t) => {
  const standing = record({
    stage: constantFrom("reading", "verifying", "receiving"),
    unit: constantFrom("bytes", "sequences", "lengths", "work"),
    done: nat(2 ** 31 - 1),
    total: nat(2 ** 31 - 1),
    elapsed: double({ min: 0, max: 1e9, noNaN: true }),
    gap: constantFrom(undefined, 0, 123_456),
  });
  const columns = nat(200);
  t.notThrows(() =>
    assert(
      property(standing, columns, (given, wide) => {
        const line = barLine(given, wide);
        if (line.length >= Math.max(wide, 1)) return false;
        return given.total === 0 || wide < 20 || /^ *\d+ % \w/.test(line);
      }),
    ),
  );
});

test("on a terminal of forty columns the bar stays on one line, and goes away", (t) => {
  if (spawnSync("script", ["--version"]).status !== 0) return t.pass("script isn't installed");
  const folder = mkdtempSync(join(tmpdir(), "stowage-bar-"));
  const inputs = Array<string>(80).fill(docs).join(" ");
  const command = `stty cols 40; ${process.execPath} ${root}/dist/cli/main.js pack ${inputs} -c 16384 -o ${folder}/out`;
  const { stdout } = spawnSync("script", ["-qfec", command, "/dev/null"], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  // The bar's lines: from one return of the cursor to the next, before the report.
  const [bar = ""] = stdout.split("packed ");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told beside its text
  const lines = bar.split(/\x1b\[[0-9;?]*[A-Za-z]|\r/).filter((line) => line.includes("%"));
  t.true(lines.length > 0, JSON.stringify(stdout));
  for (const line of lines) {
    t.regex(line, /^ *\d+ % \w+/);
    t.true(line.length < 40, line);
    t.false(line.includes("\n"), line);
  }
});
