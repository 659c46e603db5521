// What the command says: help that names defaults and what is required, advice that helps, and the
// user's own words as they are.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { packDataset, packSync, strategies, version } from "../../index.js";
import { spoken } from "../../ts/cli/spoken.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "stowage-messages-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const one = '{"input_ids":[1],"labels":[1],"padTokenId":[2]}\n';
writeFileSync(join(folder, "one.jsonl"), one);

function stowage(...args: string[]) {
  const command = [join(root, "dist/cli/main.js"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    ...{ cwd: folder, encoding: "utf8" },
  });
  return { status, stdout: stdout.replace(/\n {6,}/g, " "), stderr };
}

const source = ["pack", "one.jsonl", "-c", "8"];
const pack = (...args: string[]) => stowage(...source, "--ignore-columns", "labels", ...args);

test("help says what happens without --overlong and --empty", (t) => {
  for (const [verb, overlong, empty] of [
    ["pack", "error", "error"],
    ["plan", "error", "error"],
    ["stream", "error", "error"],
    ["stats", "split", "drop"],
  ]) {
    const { stdout } = stowage("help", verb!);
    t.regex(stdout, new RegExp(`--overlong <policy>.*default: ${overlong}\\)`), verb);
    t.regex(stdout, new RegExp(`--empty <policy>.*default: ${empty}\\)`), verb);
  }
});

test("help marks the options that a verb can't do without: those that it asks for", (t) => {
  for (const verb of ["pack", "plan", "stats", "prepare", "stream"]) {
    const { status, stderr } = stowage(
      verb,
      ...(verb === "prepare" || verb === "stream" ? [] : ["x"]),
    );
    t.is(status, 2, stderr);
    const asked = [...stderr.split("\n")[0]!.matchAll(/--[\w-]+/g)].map(([flag]) => flag);
    const marked = stowage("help", verb)
      .stdout.split("\n")
      .filter((line) => line.includes("(required)"));
    t.deepEqual(marked.map((line) => /--[\w-]+/.exec(line)![0]).sort(), asked.sort(), verb);
  }
});

test("help of pack lists every format", async (t) => {
  const { stdout } = stowage("help", "pack");
  const nowhere = { input: "x", output: "y", format: "none", capacity: 8 };
  const error = await t.throwsAsync(packDataset(nowhere));
  const formats = [...error.message.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
  t.true(formats.length > 10);
  for (const format of formats.filter((name) => name !== "none"))
    t.true(stdout.includes(format), format);
});

test("help of a verb that there isn't says so", (t) => {
  const { status, stderr } = stowage("help", "pakc");
  t.is(status, 2);
  t.regex(stderr, /^stowage: ERR_USAGE: unknown command 'pakc'\n.*\(Did you mean pack\?\)/);
  t.is(stowage("help").status, 0);
  t.true(stowage("help", "pack").stdout.startsWith("Usage: stowage pack"));
});

test("-v is --version", (t) => {
  t.true(stowage("-v").stdout.startsWith(`${version.package} (native`));
});

test("a misspelt alias is known, and what it stands for", (t) => {
  const { stderr } = stowage("stats", "one.jsonl", "-c", "8", "-s", "obdf");
  t.true(stderr.includes("did you mean 'obfd' (best-fit-decreasing)?"), stderr);
  for (const { aliases } of strategies()) {
    for (const alias of aliases.filter(({ length }) => length > 2)) {
      const swapped = alias.replace(/^(.)(.)/, "$2$1");
      if (swapped === alias || strategies().some((info) => info.aliases.includes(swapped)))
        continue;
      const misspelt = () => packSync([1], { capacity: 8, strategy: swapped });
      t.regex(t.throws(misspelt)!.message, /did you mean '\w+' \([\w-]+\)\?/, swapped);
    }
  }
});

test("the user's own words stay, whatever they look like", (t) => {
  const column = pack("-o", "out", "--tokens-column", "eosTokenId");
  t.true(column.stderr.includes("'eosTokenId'"), column.stderr);
  t.true(column.stderr.includes("padTokenId"), column.stderr);
  for (const path of ["maxSequencesPerPack.jsonl", "a/padTokenId", "columns.labels", "x; use y"]) {
    const { stderr } = stowage("pack", path, "-c", "8", "-o", "out");
    t.true(stderr.includes(path), stderr);
  }
  mkdirSync(join(folder, "in"), { recursive: true });
  writeFileSync(join(folder, "in", "columns.labels eosTokenId.jsonl"), "{");
  t.true(
    stowage("pack", "in", "-c", "8", "-o", "out").stderr.includes(
      "columns.labels eosTokenId.jsonl",
    ),
  );
});

test("options of the library are said as they are typed, and only those", (t) => {
  const said = (message: string, ...words: string[]) => spoken(message, words);
  t.is(said("`padTokenId` must be 1"), "--pad-token-id must be 1");
  t.is(said("leave shardSize out; lower shardSize"), "leave --shard-size out; lower --shard-size");
  t.is(said("set `columns.ignore` to ['padTokenId']"), "set --ignore-columns padTokenId");
  t.is(said("it isn't padTokenId's"), "it isn't --pad-token-id's");
  for (const theirs of [
    "'padTokenId'",
    "/data/padTokenId/x",
    "padTokenId.jsonl",
    '"padTokenId"',
    "a-padTokenId",
  ])
    t.is(said(`cannot open ${theirs}`), `cannot open ${theirs}`);
  t.is(said("cannot open a b padTokenId c", "a b padTokenId c"), "cannot open a b padTokenId c");
});

test("advice that was followed already isn't given again", (t) => {
  t.is(pack("-o", "twice").status, 0);
  t.true(pack("-o", "twice").stderr.includes("--overwrite"));
  mkdirSync(join(folder, "foreign"));
  writeFileSync(join(folder, "foreign", "file"), "");
  const { status, stderr } = pack("-o", "foreign", "--overwrite");
  t.is(status, 1);
  t.regex(stderr, /did not write it/);
  t.false(stderr.includes("--overwrite"), stderr);
});

test("verify says of a file, a folder and a document that stowage did not write them", (t) => {
  const file = stowage("verify", "one.jsonl");
  t.is(file.status, 1);
  t.regex(file.stderr, /ERR_FORMAT: one\.jsonl is a file, and stowage did not write it/);
  mkdirSync(join(folder, "strange"));
  t.regex(stowage("verify", "strange").stderr, /ERR_FORMAT: strange has no _stowage\.json/);
  writeFileSync(join(folder, "x.json"), "{}");
  t.regex(stowage("verify", "x.json").stderr, /ERR_INVALID_PLAN: x\.json: this is no plan/);
  t.regex(stowage("verify", "missing").stderr, /ERR_IO: .*missing/);
});

test("a column that another option names can't be ignored", (t) => {
  const { status, stderr } = pack("-o", "ignored", "--labels-column", "labels");
  t.is(status, 2);
  t.true(stderr.includes("--ignore-columns has 'labels', which --labels-column names"), stderr);
  t.is(pack("-o", "ignored", "--ignore-columns", "input_ids").status, 2);
  t.is(pack("-o", "ignored").status, 0);
});

test("the report names the times of reading and writing", (t) => {
  const { stdout } = pack("-o", "timed");
  t.regex(stdout, /^time .*: read .*, count .*, plan .*, bind .*, write /m);
  const { time } = JSON.parse(pack("-o", "timed2", "--json").stdout);
  t.deepEqual(Object.keys(time), ["read", "count", "plan", "bind", "write"]);
  t.true(time.read > 0 && time.write > 0);
});
