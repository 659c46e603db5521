// Inputs as people have them, on the command line: what is read, and what is said on standard error.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import test from "ava";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "stowage-inputs-"));
test.after.always(() => rmSync(folder, { recursive: true }));

/** Runs the command in a folder of its own. */
function run(name: string, files: Record<string, string | Buffer>, ...args: string[]) {
  const cwd = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  }
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    ...{ cwd, env },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const two = '{"input_ids":[1,2]}\n{"input_ids":[3]}\n';

test("stats reads arrays of JSON and compressed lines, and counts no file as a histogram by its name", (t) => {
  for (const [name, content] of Object.entries({
    "a.json": '[{"input_ids":[1,2]},\n {"input_ids":[3]}]',
    "b.json": two,
    "c.jsonl.gz": gzipSync(two),
    "d.json": `\ufeff${two}`,
  })) {
    const { status, stdout, stderr } = run(
      name,
      { [name]: content },
      "stats",
      name,
      "-c",
      "8",
      "--json",
    );
    t.is(status, 0, stderr);
    t.like(JSON.parse(stdout), { sequenceCount: 2, tokenCount: 3 }, name);
  }
  const counts = '{"version":1,"counts":[[1,1],[2,1]]}';
  const { stdout } = run("h", { "h.json": counts }, "stats", "h.json", "-c", "8", "--json");
  t.like(JSON.parse(stdout), { sequenceCount: 2, tokenCount: 3 });
});

test("text is said to be read as a histogram, since it could be lengths", (t) => {
  const { status, stderr } = run("txt", { "a.txt": "5\n7\n" }, "stats", "a.txt", "-c", "8");
  t.is(status, 0);
  t.regex(
    stderr,
    /a\.txt is read as a histogram: line i is the number .* \(12 sequences, 19 tokens\)/,
  );
  const quiet = run("txt", {}, "stats", "a.txt", "-c", "8", "-q");
  t.is(quiet.stderr, "");
});

test("what is passed over is said on standard error and in the report", (t) => {
  const files = { "in/a.jsonl": two, "in/card.json": '{"name":"x"}' };
  const { status, stdout, stderr } = run(
    "side",
    files,
    "pack",
    "in",
    "-c",
    "8",
    "-o",
    "out",
    "--json",
  );
  t.is(status, 0, stderr);
  t.regex(stderr, /^stowage: warning: passed over .*card\.json/);
  t.regex(JSON.parse(stdout).warnings[0], /card\.json/);
  const stats = run("side", {}, "stats", "in", "-c", "8");
  t.regex(stats.stderr, /stowage: warning: passed over .*card\.json/);
});

test("ways out are named as they are typed", (t) => {
  const mask = '{"input_ids":[5,0],"attention_mask":[1,0]}\n';
  const padded = run("mask", { "a.jsonl": mask }, "pack", "a.jsonl", "-c", "8", "-o", "out");
  t.is(padded.status, 1);
  t.true(padded.stderr.includes("--attention-mask-column attention_mask"), padded.stderr);
  t.true(padded.stderr.includes("--ignore-columns attention_mask"), padded.stderr);
  const stripped = ["--attention-mask-column", "attention_mask"];
  t.is(run("mask", {}, "pack", "a.jsonl", "-c", "8", "-o", "out", ...stripped).status, 0);
  const files = { "in/train.jsonl": two, "in/test.jsonl": two };
  const splits = run("splits", files, "pack", "in", "-c", "8", "-o", "out");
  t.is(splits.status, 2);
  t.true(splits.stderr.includes("use --split with one of them"), splits.stderr);
  for (const verb of ["pack", "stats", "plan"]) {
    const output = verb === "pack" ? ["-o", "out"] : [];
    t.is(run("splits", {}, verb, "in", "-c", "8", "--split", "train", ...output).status, 0, verb);
  }
});

test("control characters of names are printed as their codes", (t) => {
  const name = "a\u001b[31m\u009b2J.jsonl";
  for (const more of [[], ["--json"]]) {
    const { stderr } = run(
      "control",
      { [name]: `${JSON.stringify({ "\u0007": 1 })}\n` },
      "pack",
      name,
      "-c",
      "8",
      "-o",
      "o",
      ...more,
    );
    const codes = Array.from(stderr, (c) => c.charCodeAt(0));
    t.true(codes.every((code) => code === 10 || (code >= 32 && (code < 127 || code > 159))));
    t.true(stderr.includes("ERR_COLUMN"), stderr);
  }
});
