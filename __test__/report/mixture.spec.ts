// What packs are mixed of: a carried column tells the sources apart, and their figures add up to the whole.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Bool,
  type DataType,
  Field,
  Float64,
  Int32,
  List,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import test from "ava";
import fc from "fast-check";
import { openDataset, packDataset, sketchDataset } from "../../index.js";
import { type ReportData, renderReport, reportData } from "../../report.js";

const folder = mkdtempSync(join(tmpdir(), "stowage-mixture-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const main = join(import.meta.dirname, "../../dist/cli/main.js");

interface Row {
  input_ids: number[];
  [column: string]: unknown;
}
let made = 0;
/** Packs rows with the columns `carry`. */
async function packed(
  rows: readonly Row[],
  carry: string[],
  format: "parquet" | "arrow" = "parquet",
  shardSize?: number,
): Promise<{ input: string; output: string }> {
  const [input, output] = [join(folder, `${++made}.arrow`), join(folder, `packed-${made}`)];
  const columns = Object.keys(rows[0]!).map((name) => {
    const values = rows.map((row) => row[name] ?? null);
    return [name, vectorFromArray(values, typeOf(values.find((each) => each !== null)))];
  });
  writeFileSync(input, tableToIPC(new Table(Object.fromEntries(columns)), "file"));
  const options = { capacity: 64, overlong: "split", empty: "drop", shardSize } as const;
  await packDataset({ ...options, input, output, format, columns: { carry } });
  return { input, output };
}
/** The type of a column with this value. */
function typeOf(value: unknown): DataType {
  if (Array.isArray(value)) return new List(new Field("item", new Int32(), true));
  if (typeof value === "boolean") return new Bool();
  if (typeof value !== "number") return new Utf8();
  return Number.isInteger(value) ? new Int32() : new Float64();
}
const row = (length: number, source: unknown): Row => ({
  input_ids: Array(length).fill(7),
  source,
});
const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

test("sources add up to the data set, are spread as its packs say, whatever the threads", async (t) => {
  const names = fc.constantFrom("web", "books, old", "it's", " ", null, "other");
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 150 }), names), {
    minLength: 1,
    maxLength: 120,
  });
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom("parquet", "arrow"), async (rows, format) => {
      const all = rows.map(([length, source]) => row(length, source));
      const { output } = await packed([row(1, "web"), ...all], ["source"], format, 4096);
      const [one, three] = await Promise.all(
        [1, 3].map((threads) => sketchDataset(output, { column: "source", packs: 1024, threads })),
      );
      t.deepEqual(one, three);
      const { sources = [], report, sample, carried } = one!;
      t.deepEqual(carried, ["source"]);
      t.is(sum(sources.map(({ tokens }) => tokens)), report.tokensPacked);
      const tokensIn = new Map<string | null, number[]>();
      let sequences = 0;
      for await (const { pack, cuSeqlens, carried } of (await openDataset(output)).packs()) {
        const lengths = [...cuSeqlens.slice(1)].map((end, k) => end - cuSeqlens[k]!);
        const own = carried!.source as (string | null)[];
        sequences += own.length;
        for (const [k, name] of own.entries()) {
          const tokens = tokensIn.get(name) ?? Array(report.packCount).fill(0);
          tokens[pack] += lengths[k]!;
          tokensIn.set(name, tokens);
        }
        const drawn = sample.find(({ number }) => number === pack)!;
        t.deepEqual(
          drawn.sources!.map((place) => sources[place]!.name),
          own,
        );
      }
      t.is(sum(sources.map(({ sequences }) => sequences)), sequences);
      t.deepEqual(sources.map(({ name }) => name).sort(), [...tokensIn.keys()].sort());
      for (const [at, { name, tokens, packs, perPack }] of sources.entries()) {
        const own = [...tokensIn.get(name)!].sort((a, b) => a - b);
        const ranked = (percent: number): number =>
          own[Math.ceil((percent * own.length) / 100) - 1]!;
        t.is(tokens, sum(own));
        t.is(packs, own.filter((each) => each > 0).length);
        t.deepEqual(perPack, { p10: ranked(10), p50: ranked(50), p90: ranked(90) });
        t.true(at === 0 || sources[at - 1]!.tokens >= tokens);
      }
    }),
    { numRuns: 12 },
  );
});

test("integers and booleans name sources; other types, long texts and too many values don't", async (t) => {
  const rows = Array.from({ length: 4200 }, (_, k) => ({
    ...row(1, k % 3),
    flag: k % 2 === 0,
    id: k,
    list: [k],
    share: k + 0.5,
    text: k === 4000 ? "x".repeat(1025) : "x",
  }));
  const { output } = await packed(rows, ["source", "flag", "id", "list", "share", "text"]);
  const of = async (column: string): Promise<unknown[]> =>
    (await sketchDataset(output, { column })).sources!.map(({ name, tokens }) => [name, tokens]);
  t.deepEqual(await of("source"), [
    ["0", 1400],
    ["1", 1400],
    ["2", 1400],
  ]);
  t.deepEqual(await of("flag"), [
    ["false", 2100],
    ["true", 2100],
  ]);
  for (const [column, message] of [
    ["id", /'id' has more than 4096 different values/],
    ["list", /'list' is of type List.*text, an integer or a boolean/],
    ["share", /'share' is of type Float64/],
    ["text", /'text' holds a text of 1025 bytes; a source is named in 1024/],
  ] as const)
    await t.throwsAsync(sketchDataset(output, { column }), { code: "ERR_COLUMN", message });
});

test("a column that isn't carried is refused, with those that are, commas and all", async (t) => {
  const rows = [{ ...row(5, "web"), "a, b": "x", c: "y" }];
  const { output } = await packed(rows, ["source", "a, b", "c"]);
  const error = await t.throwsAsync(sketchDataset(output, { column: "a" }), { code: "ERR_COLUMN" });
  t.like(error, { path: output, columns: ["source", "a, b", "c"] });
  t.regex(error!.message, /carries no column 'a'; it carries source, 'a, b', c$/);
  t.is((await sketchDataset(output, { column: "a, b" })).sources?.[0]?.name, "x");
  // Columns of the format itself are none that say where a sequence is from.
  await t.throwsAsync(sketchDataset(output, { column: "seq_lengths" }), { code: "ERR_COLUMN" });
  const plain = join(folder, "plain");
  const input = join(folder, "plain.jsonl");
  writeFileSync(input, '{"input_ids":[1,2]}\n');
  await packDataset({ input, output: plain, format: "mds", capacity: 8 });
  await t.throwsAsync(sketchDataset(plain, { column: "source" }), {
    code: "ERR_COLUMN",
    message: /it carries none; pack to 'parquet' or 'arrow'/,
  });
  for (const column of [5, "", null])
    await t.throwsAsync(sketchDataset(output, { column: column as never }), { code: "ERR_OPTION" });
  await t.throwsAsync(reportData([5], { capacity: 8, sourceColumn: "source" }), {
    code: "ERR_OPTION",
    message: /a packed folder carries/,
  });
});

test("a report names seven of many sources, and its sample has every token of them", async (t) => {
  const rows = Array.from({ length: 700 }, (_, k) => row(1 + (k % 40), `s${Math.floor(k / 60)}`));
  const { output } = await packed([...rows, row(30, null)], ["source"]);
  const data = await reportData(output, { sourceColumn: "source" });
  const { names, others, tokens, sequences, packs, perPack } = data.sources!;
  t.deepEqual([names.length, names.at(-1), others], [8, "other", 6]);
  t.deepEqual([packs.at(-1), perPack.at(-1)], [null, null]);
  t.is(sum(tokens), data.stats.tokensPacked);
  t.is(sum(sequences), 701);
  for (const pack of data.packs.sample) {
    const parts = [...pack.sources!.flat(), ...(pack.rest?.sources ?? [])];
    t.is(sum(parts.map(([, , tokens]) => tokens)) + pack.padding, 64);
    for (const [at, [length, times]] of pack.runs.entries()) {
      t.is(sum(pack.sources![at]!.map(([, sequences]) => sequences)), times);
      t.is(sum(pack.sources![at]!.map(([, , tokens]) => tokens)), length * times);
    }
  }
  const html = renderReport(data);
  t.regex(html, /Column <code>source<\/code> tells 13 sources apart/);
  t.regex(html, /<i>6 others<\/i>/);
  const plain = await reportData(output, {});
  t.is(plain.sources, undefined);
  t.deepEqual({ ...data, sources: undefined }.stats, plain.stats);
});

test("command line: --source-column takes a name whole; figures equal stats --json", async (t) => {
  const rows = Array.from({ length: 60 }, (_, k) => ({
    ...row(1 + k, k % 2),
    "a, b": `<${k % 4}>`,
  }));
  const { input, output } = await packed(rows, ["a, b"]);
  const run = (...args: string[]): ReturnType<typeof spawnSync> & { stdout: string } =>
    spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" }) as never;
  const shown = run("report", output, "--source-column", "a, b", "--data", "-");
  t.is(shown.status, 0, String(shown.stderr));
  const { sources, stats } = JSON.parse(shown.stdout) as ReportData;
  const counted = JSON.parse(run("stats", input, "-c", "64", "--json").stdout) as {
    tokenCount: number;
  };
  t.deepEqual([...sources!.names].sort(), ["<0>", "<1>", "<2>", "<3>"]);
  t.is(sum(sources!.tokens), counted.tokenCount);
  t.is(sum(sources!.tokens), stats.tokensPacked);
  const wrong = run("report", output, "--source-column", "a", "-o", "wrong.html");
  t.is(wrong.status, 1);
  t.regex(String(wrong.stderr), /ERR_COLUMN.*it carries 'a, b'/);
  // What it is compared with may not have it: then it is shown without, and that is said.
  const { output: other } = await packed([row(9, "web")], ["source"]);
  const both = run(
    "report",
    output,
    "--source-column",
    "a, b",
    "--compare",
    other,
    "-o",
    "both.html",
  );
  t.is(both.status, 0, String(both.stderr));
  t.regex(String(both.stderr), /shown without its sources.*it carries source/);
});
