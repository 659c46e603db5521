// The command as a user runs it: real processes, real files, real signals.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const docs = join(root, "examples", "data", "python-docs.jsonl");
const wikipedia = join(root, "examples", "data", "wikipedia512_histogram.txt");
const conversations = join(root, "examples", "data", "conversations.jsonl");
const tokenizer = join(root, "examples", "data", "tokenizer");
const squad = join(root, "examples", "data", "squad384_histogram.txt");
const folder = mkdtempSync(join(tmpdir(), "stowage-cli-"));
test.after.always(() => rmSync(folder, { recursive: true }));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** ava starts all tests at once; more processes than this only wait for each other. */
const AT_ONCE = 4;
let running = 0;
const waiting: (() => void)[] = [];

/** Takes one of the places; `finish` gives it back. */
async function place(): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
}

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  await place();
  const { NO_COLOR, FORCE_COLOR, ...rest } = process.env;
  return spawn(process.execPath, [join(root, "dist", "cli", "main.js"), ...args], {
    cwd: folder,
    env: { ...rest, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function finish(started: ChildProcess | Promise<ChildProcess>): Promise<Outcome> {
  const child = await started;
  const texts = ["", ""];
  for (const [index, stream] of [child.stdout, child.stderr].entries()) {
    stream?.setEncoding("utf8").on("data", (text: string) => (texts[index] += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  running -= 1;
  waiting.shift()?.();
  const [stdout = "", stderr = ""] = texts;
  return { code, stdout, stderr };
}

function stowage(...args: string[]): Promise<Outcome> {
  return finish(start(args));
}

const help = spawnSync(process.execPath, [join(root, "dist", "cli", "main.js"), "--help"], {
  encoding: "utf8",
}).stdout;
const [, listed = ""] = /\nCommands:\n(.*?)\n\n/s.exec(help) ?? [];
const VERBS = [...listed.matchAll(/^ {2}(\w+)/gm)]
  .map(([, verb]) => verb!)
  .filter((v) => v !== "help");

for (const verb of VERBS) {
  test(`${verb} --help says how to use it, with examples`, async (t) => {
    const { code, stdout, stderr } = await stowage(verb, "--help");
    t.is(code, 0);
    t.is(stderr, "");
    t.true(stdout.startsWith(`Usage: stowage ${verb}`));
    t.true(stdout.includes("Examples:"));
    t.true(stdout.includes(`$ stowage ${verb}`));
    t.true(stdout.includes("--json"));
  });
}

test("every verb stands in the guide to the command line and in the README", (t) => {
  t.true(VERBS.length >= 8, VERBS.join());
  for (const document of ["docs/command-line.md", "README.md"]) {
    const text = readFileSync(join(root, document), "utf8");
    for (const verb of VERBS) t.regex(text, new RegExp(`(stowage |^\\| \`)${verb}\\b`, "m"), verb);
  }
});

test("without a verb the help is wrong usage", async (t) => {
  const { code, stdout, stderr } = await stowage();
  t.is(code, 2);
  t.is(stdout, "");
  t.true(stderr.startsWith("Usage: stowage"));
});

test("--version names package, binary and platform", async (t) => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { code, stdout } = await stowage("--version");
  t.is(code, 0);
  t.true(stdout.startsWith(`${version} (native ${version}, `));
});

for (const [mistake, args, meant] of [
  ["verb", ["pak"], "pack"],
  ["option", ["pack", docs, "--capacty", "9"], "--capacity"],
  ["strategy", ["stats", docs, "-c", "9", "-s", "best-fit-decr"], "best-fit-decreasing"],
] as const) {
  test(`a misspelt ${mistake} is wrong usage, and the right one is suggested`, async (t) => {
    const { code, stdout, stderr } = await stowage(...args);
    t.is(code, 2);
    t.is(stdout, "");
    t.regex(stderr, new RegExp(`[Dd]id you mean '?${meant}`));
  });
}

test("missing options are named together", async (t) => {
  const { code, stderr } = await stowage("pack", docs);
  t.is(code, 2);
  t.true(stderr.startsWith("stowage: ERR_USAGE: --capacity and --output must be given\n"));
});

for (const [value, args] of [
  ["capacity 0", ["-c", "0"]],
  ["capacity abc", ["-c", "abc"]],
  ["an alignment above the capacity", ["-c", "8", "--sequence-alignment", "9"]],
  ["an unknown policy", ["-c", "8", "--overlong", "trim"]],
  ["a negative seed", ["-c", "8", "--seed", "-1"]],
] as const) {
  test(`${value} is wrong usage and writes nothing`, async (t) => {
    const output = join(folder, `usage ${value}`);
    const { code, stderr } = await stowage("pack", docs, "-o", output, ...args);
    t.is(code, 2);
    t.regex(stderr, /^stowage: ERR_(CAPACITY|OPTION|USAGE): /);
    t.false(existsSync(output));
  });
}

test("options in messages are spelt as they are typed", async (t) => {
  const args = ["pack", docs, "-c", "8", "-o", "spelt", "--max-sequences-per-pack", "0"];
  const { code, stderr } = await stowage(...args);
  t.is(code, 2);
  t.true(stderr.includes("--max-sequences-per-pack"), stderr);
  t.false(stderr.includes("maxSequencesPerPack"));
});

test("pack writes what verify proves, token by token, and both print the ledger", async (t) => {
  const output = join(folder, "packed");
  const packed = await stowage("pack", docs, "-c", "2048", "-o", output, "--overlong", "split");
  t.is(packed.code, 0, packed.stderr);
  t.is(packed.stderr, "");
  // 365,849 tokens: counted by the script that made the file, and said in its README.
  const ledger = "365,849 in = 365,849 packed + 0 truncated + 0 dropped";
  t.true(packed.stdout.includes(ledger));
  t.deepEqual(leftBehind("packed"), []);
  const verified = await stowage("verify", output, "--input", docs);
  t.is(verified.code, 0, verified.stderr);
  t.true(verified.stdout.includes("equal to its source"));
  t.true(verified.stdout.includes(ledger));
  const report = JSON.parse((await stowage("verify", output, "--json")).stdout);
  t.true(report.verified);
  t.is(report.sequenceCount, 3832);
});

test("verify names the first fault of a damaged output and fails", async (t) => {
  const output = join(folder, "damaged");
  await stowage("pack", docs, "-c", "16384", "-o", output);
  const [file = ""] = readdirSync(output).filter((name) => name.endsWith(".parquet"));
  const path = join(output, file);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 100));
  const { code, stdout, stderr } = await stowage("verify", output);
  t.is(code, 1);
  t.is(stdout, "");
  t.regex(stderr, /^stowage: ERR_(FORMAT|INVALID_PACKING): /);
  t.true(stderr.includes(file));
});

test("--json prints one document with the report and nothing else", async (t) => {
  const output = join(folder, "json");
  const args = ["pack", docs, "-c", "16384", "-o", output, "--json"];
  const { code, stdout, stderr } = await stowage(...args);
  t.is(code, 0, stderr);
  t.is(stderr, "");
  const report = JSON.parse(stdout);
  t.is(report.output, output);
  t.is(report.sequenceCount, 3832);
  t.is(report.tokensIn, 365_849);
  t.is(report.tokensPacked + report.tokensTruncated + report.tokensDropped, report.tokensIn);
  t.is(report.packCount - report.lowerBound, report.gap);
  // ceil(365849 / 16384) = 23
  t.true(report.packCount >= 23);
  t.is(report.files.length, 1);
});

test("--json reports errors as one document on standard error", async (t) => {
  const { code, stdout, stderr } = await stowage(
    ...["pack", docs, "-c", "2048", "-o", join(folder, "none"), "--json"],
  );
  t.is(code, 1);
  t.is(stdout, "");
  const { error } = JSON.parse(stderr);
  t.is(error.code, "ERR_OVERLONG");
  t.is(error.capacity, 2048);
  t.true(error.length > 2048);
});

test("an overlong sequence is named, with the way out in options", async (t) => {
  const { code, stderr } = await stowage("pack", docs, "-c", "2048", "-o", join(folder, "none"));
  t.is(code, 1);
  t.regex(stderr, /^stowage: ERR_OVERLONG: .*sequence \d+/);
  t.true(stderr.includes("--overlong drop, truncate, truncate-start or split"));
  t.false(existsSync(join(folder, "none")));
});

test("an existing output is refused, and replaced with --overwrite", async (t) => {
  const args = ["pack", docs, "-c", "16384", "-o", join(folder, "twice"), "--quiet"];
  t.is((await stowage(...args)).code, 0);
  const { code, stderr } = await stowage(...args);
  t.is(code, 1);
  t.true(stderr.startsWith("stowage: ERR_OUTPUT_EXISTS: "));
  t.true(stderr.includes("--overwrite"));
  t.is((await stowage(...args, "--overwrite")).code, 0);
});

test("--quiet prints nothing but errors", async (t) => {
  const output = join(folder, "quiet");
  const { code, stdout, stderr } = await stowage(
    ...["pack", docs, "-c", "16384", "-o", output, "--quiet"],
  );
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
});

test("a missing input fails with its path", async (t) => {
  const output = join(folder, "none");
  const { code, stderr } = await stowage("pack", "missing.jsonl", "-c", "9", "-o", output);
  t.is(code, 1);
  t.regex(stderr, /^stowage: ERR_IO: /);
  t.true(stderr.includes("missing.jsonl"));
});

/** Jobs to stop, by what they read: an input and the flags that it needs. */
const stopped: [string, string, string[]][] = [
  ["tokens", docs, []],
  ["text", conversations, ["--tokenizer", tokenizer, "--messages-column", "messages"]],
];
for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  for (const [what, input, flags] of stopped) {
    test(`${signal} in the middle of a job on ${what} leaves nothing behind`, async (t) => {
      const name = `${what} stopped by ${signal}`;
      // The same file many times over: long enough to be in the middle of it.
      const inputs = Array<string>(what === "text" ? 600 : 60).fill(input);
      const output = join(folder, name);
      const child = await start(["pack", ...inputs, ...flags, "-c", "16384", "-o", output]);
      const finished = finish(child);
      while (leftBehind(name).length === 0 && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      child.kill(signal);
      const { code, stderr } = await finished;
      t.is(code, exitCode, stderr);
      t.true(stderr.includes(signal));
      t.false(existsSync(output));
      t.deepEqual(leftBehind(name), []);
    });
  }
}

/** What stands beside the output `name` under a temporary name. */
function leftBehind(name: string): string[] {
  return readdirSync(folder).filter((entry) => entry !== name && entry.includes(name));
}

test("colours are for terminals, and NO_COLOR wins over FORCE_COLOR", async (t) => {
  const colour = "\u001b[";
  const args = ["stats", wikipedia, "-c", "512", "-s", "auto"];
  t.false((await finish(start(args))).stdout.includes(colour));
  t.true((await finish(start(args, { FORCE_COLOR: "1" }))).stdout.includes(colour));
  const both = { FORCE_COLOR: "1", NO_COLOR: "1" };
  t.false((await finish(start(args, both))).stdout.includes(colour));
  const flag = start([...args, "--no-color"], { FORCE_COLOR: "1" });
  t.false((await finish(flag)).stdout.includes(colour));
});

test("a reader that stops reading is no failure", async (t) => {
  const child = await start(["strategies"]);
  child.stdout?.destroy();
  const { code, stderr } = await finish(child);
  t.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

test("strategies lists every name and alias, and as JSON everything about them", async (t) => {
  const { stdout } = await stowage("strategies");
  const all = JSON.parse((await stowage("strategies", "--json")).stdout);
  for (const { name, aliases } of all) {
    for (const word of [name, ...aliases]) t.true(stdout.includes(word), word);
  }
  t.true(all.some(({ name }: { name: string }) => name === "best-fit-decreasing"));
});

test("stats of a histogram gives every strategy that plans, at each capacity", async (t) => {
  const args = ["stats", wikipedia, "--capacity", "512,1024", "--json"];
  const { code, stdout, stderr } = await stowage(...args);
  t.is(code, 0, stderr);
  const report = JSON.parse(stdout);
  // Published with the histogram: see examples/data/README.md.
  t.is(report.sequenceCount, 16_279_552);
  t.is(report.tokenCount, 4_164_796_173);
  t.deepEqual(
    report.capacities.map(({ capacity }: { capacity: number }) => capacity),
    [512, 1024],
  );
  for (const { capacity, strategies } of report.capacities) {
    const names = strategies.map(({ strategy }: { strategy: string }) => strategy);
    t.true(names.includes("best-fit-decreasing"));
    t.false(names.includes("next-fit"));
    for (const { packCount, lowerBound, gap } of strategies) {
      t.true(lowerBound >= Math.ceil(4_164_796_173 / capacity));
      t.is(packCount - lowerBound, gap);
    }
  }
});

test("stats says what each policy would lose", async (t) => {
  writeFileSync(join(folder, "lengths.txt"), "# length count\n4 2\n25 3\n31 1\n");
  const { stdout } = await stowage("stats", "lengths.txt", "-c", "10", "--json");
  const [{ overlong }] = JSON.parse(stdout).capacities;
  // By hand: 25 25 25 31 are over 10; dropped 106 tokens, cut 15 each and 21; 3 + 3 + 3 + 4 pieces.
  t.deepEqual(overlong, { usable: 10, sequences: 4, drop: 106, truncate: 66, pieces: 13 });
});

test("stats of data files runs the strategies that need the order, too", async (t) => {
  const { stdout } = await stowage("stats", docs, "-c", "2048", "--json");
  const [{ strategies }] = JSON.parse(stdout).capacities;
  const names = strategies.map(({ strategy }: { strategy: string }) => strategy);
  t.true(names.includes("next-fit"));
  for (const { tokensIn, tokensPacked } of strategies) {
    t.is(tokensIn, 365_849);
    t.is(tokensPacked, 365_849);
  }
});

for (const [fault, text, row] of [
  ["an empty line", "3\n\n4\n", 2],
  ["a word", "3\nx\n", 2],
  ["three columns", "1 2 3\n", 1],
  ["a change of columns", "1 2\n3\n", 2],
] as const) {
  test(`a histogram with ${fault} is refused with its line`, async (t) => {
    const name = `${fault}.txt`;
    writeFileSync(join(folder, name), text);
    const { code, stderr } = await stowage("stats", name, "-c", "10");
    t.is(code, 1);
    t.true(stderr.startsWith(`stowage: ERR_FORMAT: line ${row} of ${name}`), stderr);
  });
}

test("plan writes JSON that verify proves, against the right histogram only", async (t) => {
  const path = join(folder, "plan.json");
  const planned = await stowage("plan", squad, "-c", "384", "-o", path);
  t.is(planned.code, 0, planned.stderr);
  t.true(planned.stdout.includes("15,249,479 in = 15,249,479 packed"));
  t.is((await stowage("verify", path)).code, 0);
  t.is((await stowage("verify", path, "--input", squad)).code, 0);
  const wrong = await stowage("verify", path, "--input", wikipedia);
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /^stowage: ERR_/m);
  t.regex(wrong.stderr, /histogram\.txt is read as a histogram: line i is the number of/);
  const again = await stowage("plan", squad, "-c", "384", "-o", path);
  t.is(again.code, 1);
  t.true(again.stderr.startsWith("stowage: ERR_OUTPUT_EXISTS: "));
  t.is((await stowage("plan", squad, "-c", "384", "-o", path, "--overwrite")).code, 0);
});
