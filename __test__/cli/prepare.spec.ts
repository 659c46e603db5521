// `stowage prepare`: the command line of Python's seqpack, and the folder that its loader reads. The
// interoperability run opens such folders with that loader.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import test from "ava";
import { packDataset } from "../../index.js";
import { folder, writeArrow } from "../fixtures/dataset-files.js";
import { npy } from "../fixtures/format-readers.js";

const command = join(import.meta.dirname, "../../dist/cli/main.js");
const at = folder();

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const prepare = (...args: string[]): Promise<Outcome> => stowage("prepare", ...args);

function stowage(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { cwd: at }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code as number), stdout, stderr }),
    );
  });
}

/** A 1-D array of int64 as numpy saves it. */
function writeNpy(path: string, values: readonly number[]): void {
  const text = `{'descr': '<i8', 'fortran_order': False, 'shape': (${values.length},), }`;
  const header = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`, "latin1");
  const data = BigInt64Array.from(values, BigInt);
  writeFileSync(path, Buffer.concat([header, Buffer.from(data.buffer)]));
}

async function writeParquet(path: string, select: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
}

const read = (output: string, name: string) =>
  JSON.parse(readFileSync(join(at, output, name), "utf8"));

/** All pools by their length. */
const pools = (output: string): Record<string, number[]> =>
  Object.fromEntries(
    readdirSync(join(at, output, "pools")).map((name) => [
      name.replace(".npy", ""),
      npy(join(at, output, "pools", name)),
    ]),
  );

test.before(async () => {
  writeNpy(join(at, "lengths.npy"), [5, 3, 8, 2, 8, 1]);
  await writeParquet(
    join(at, "a.parquet"),
    "SELECT * FROM (VALUES (5, 105::BIGINT), (3, 103), (8, 108), (2, 102)) AS t(tokens_len, id)",
  );
  await writeParquet(
    join(at, "b.parquet"),
    "SELECT * FROM (VALUES (8, 208::BIGINT), (1, 201), (9, 209)) AS t(tokens_len, id)",
  );
});

test("lengths of an .npy file become plan, counts and pools of row numbers", async (t) => {
  const { code, stdout, stderr } = await prepare(
    ...["--input", "lengths.npy", "--max-seq-len", "8", "--output", "npy"],
  );
  t.is(code, 0, stderr);
  t.true(stdout.includes("27 in = 27 packed + 0 truncated + 0 dropped"));
  // By hand: 8 + 8 fill a pack each, 5 + 3 one, 2 + 1 the last; 27 tokens in 4 × 8 places.
  t.deepEqual(read("npy", "counts.json"), { 1: 1, 2: 1, 3: 1, 5: 1, 8: 2 });
  t.deepEqual(read("npy", "templates.json"), [
    [[8], 2],
    [[5, 3], 1],
    [[2, 1], 1],
  ]);
  t.deepEqual(pools("npy"), { 1: [5], 2: [3], 3: [1], 5: [0], 8: [2, 4] });
  const { plan_id, ...manifest } = read("npy", "manifest.json");
  t.regex(plan_id, /^[0-9a-f]{32}$/);
  t.deepEqual(manifest, {
    ...{ max_seq_len: 8, packer: "auto", n_sequences: 6, n_bins: 4, distinct_lengths: 5 },
    ...{ distinct_templates: 3, total_tokens: 27, total_capacity: 32, efficiency: 27 / 32 },
    format_version: 1,
  });
});

test("several Parquet files are one data set, whose own ids go to the pools", async (t) => {
  const { code, stderr } = await prepare(
    ...["--input", "a.parquet", "b.parquet", "--length-column", "tokens_len"],
    ...["--id-column", "id", "--max-seq-len", "8", "--filter-over-cap", "--output", "parquet"],
  );
  t.is(code, 0, stderr);
  t.deepEqual(pools("parquet"), { 1: [201], 2: [102], 3: [103], 5: [105], 8: [108, 208] });
  t.is(read("parquet", "manifest.json").n_sequences, 6, "the sequence of 9 tokens was left out");
  t.like(read("parquet", "_stowage.json"), { tokensIn: 36, tokensPacked: 27, tokensDropped: 9 });
  // --input may stand several times as well; without ids the rows of all files are counted on.
  const again = await prepare(
    ...["--input", "a.parquet", "--input", "b.parquet", "--length-column", "tokens_len"],
    ...["--max-seq-len", "9", "--output", "rows"],
  );
  t.is(again.code, 0, again.stderr);
  t.deepEqual(pools("rows"), { 1: [5], 2: [3], 3: [1], 5: [0], 8: [2, 4], 9: [6] });
});

test("verify proves what prepare wrote, and finds another id in a pool", async (t) => {
  const args = ["--length-column", "tokens_len", "--id-column", "id"];
  const { code } = await prepare(
    ...["--input", "a.parquet", ...args, "--max-seq-len", "8", "--output", "proved"],
  );
  t.is(code, 0);
  const verify = (...more: string[]) =>
    stowage("verify", "proved", "--input", "a.parquet", ...args, ...more);
  const proved = await verify();
  t.is(proved.code, 0, proved.stderr);
  const pool = join(at, "proved", "pools", "5.npy");
  const bytes = readFileSync(pool);
  bytes[128]! += 1;
  writeFileSync(pool, bytes);
  const changed = await verify();
  t.is(changed.code, 1);
  t.regex(changed.stderr, /ERR_FORMAT: .*pools.* it was changed after it was written/);
  const { code: refused, stderr } = await verify("--no-digests");
  t.is(refused, 1);
  t.regex(stderr, /ERR_INVALID_PACKING.*pools/s);
});

test("a column of tokens is counted, and the packers of seqpack are known by their names", async (t) => {
  writeArrow(join(at, "tokens.arrow"), { input_ids: { rows: [[1, 2, 3], [4], [5, 6]] } });
  for (const packer of ["batched", "per-item", "wfd", "worst-fit-decreasing"]) {
    const args = ["--input", "tokens.arrow", "--max-seq-len", "4", "--packer", packer];
    const { code, stderr, stdout } = await prepare(...args, "--output", packer, "--json");
    t.is(code, 0, stderr);
    t.is(JSON.parse(stdout).packCount, 2);
    t.is(read(packer, "manifest.json").packer, "worst-fit-decreasing");
    // Worst fit: the last token goes to the pack with more room.
    t.deepEqual(read(packer, "templates.json"), [
      [[3], 1],
      [[2, 1], 1],
    ]);
  }
});

test("the verb writes what packDataset writes", async (t) => {
  const output = join(at, "library");
  await packDataset({
    ...{ input: join(at, "a.parquet"), output, format: "seqpack", capacity: 8 },
    columns: { lengths: "tokens_len", ids: "id" },
  });
  const args = ["--input", "a.parquet", "--length-column", "tokens_len", "--id-column", "id"];
  const { code } = await prepare(...args, "--max-seq-len", "8", "--output", "verb");
  t.is(code, 0);
  for (const name of ["manifest.json", "counts.json", "templates.json", "_stowage.json"])
    t.deepEqual(read("verb", name), read("library", name));
  t.deepEqual(pools("verb"), pools("library"));
});

const given = ["--input", "lengths.npy", "--max-seq-len", "8"];

for (const [what, args, code, message] of [
  ["a misspelt option", ["--inptu", "x"], 2, /unknown option '--inptu'.*Did you mean --input\?/s],
  ["missing options", ["--input", "x"], 2, /--max-seq-len and --output must be given/],
  [
    "a capacity of 0",
    ["--input", "x", "--max-seq-len", "0", "-o", "no"],
    2,
    /ERR_CAPACITY.*--max-seq-len/s,
  ],
  ["an unknown packer", [...given, "--packer", "batchd", "-o", "no"], 2, /ERR_STRATEGY/],
  [
    "a packer without a plan",
    [...given, "--packer", "next-fit", "-o", "no"],
    2,
    /next-fit has no plan/,
  ],
  [
    "a sequence over the capacity",
    ["--input", "lengths.npy", "--max-seq-len", "7", "-o", "no"],
    1,
    /ERR_OVERLONG: sequence 2 has 8 tokens.*--filter-over-cap/s,
  ],
  [
    "ids of an .npy file",
    [...given, "--id-column", "id", "-o", "no"],
    1,
    /ERR_COLUMN.*Parquet and Arrow/,
  ],
  [
    "a column that isn't there",
    ["--input", "a.parquet", "--max-seq-len", "8", "-o", "no"],
    1,
    /ERR_COLUMN.*tokens_len/,
  ],
  [
    "a file that isn't there",
    ["--input", "none.npy", "--max-seq-len", "8", "-o", "no"],
    1,
    /ERR_IO/,
  ],
] as const) {
  test(`${what} ends with ${code}, says so, and writes nothing`, async (t) => {
    const outcome = await prepare(...args);
    t.is(outcome.code, code, outcome.stderr);
    t.regex(outcome.stderr, message);
    t.is(outcome.stdout, "");
    t.false(existsSync(join(at, "no")));
  });
}
