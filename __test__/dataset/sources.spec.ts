// Sources as people have them: several files of several formats, columns to carry along, and the ledger
// of what became of every token.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import test from "ava";
import { type PackDatasetOptions, packDataset, readLengths, verifyDataset } from "../../index.js";
import {
  caught,
  folder,
  readManifest,
  readPacks,
  writeArrow,
  writeLines,
} from "../fixtures/dataset-files.js";

/** Rows of a Parquet file as plain values. */
async function parquetRows(path: string): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const read = await connection.runAndReadAll(`SELECT * FROM '${path}'`);
  return read.getRowObjectsJS();
}

test("files of several formats are one data set, in the order given", async (t) => {
  const at = folder();
  const path = (name: string): string => join(at, name);
  writeArrow(path("2.arrow"), { input_ids: { rows: [[11, 12], [13]], type: new arrow.Uint16() } });
  writeLines(path("1.jsonl"), [[21, 22, 23]]);
  writeArrow(
    path("0.arrow"),
    { input_ids: { rows: [[31], [32, 33]], type: new arrow.Int32() } },
    "stream",
  );
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(
    `COPY (SELECT [41::BIGINT, 42, 43, 44] AS input_ids) TO '${path("3.parquet")}' (FORMAT parquet)`,
  );
  const sequences = [[11, 12], [13], [21, 22, 23], [31], [32, 33], [41, 42, 43, 44]];
  const input = ["2.arrow", "1.jsonl", "0.arrow", "3.parquet"].map(path);
  t.deepEqual(
    await readLengths(input),
    Uint32Array.from(sequences, (ids) => ids.length),
  );
  for (const given of [input, [path("2.*"), path("1.jsonl"), path("?.arrow"), path("3.parquet")]]) {
    const output = path(`out-${given.length}-${given[0]!.length}`);
    const report = await packDataset({ input: given, output, format: "arrow", capacity: 5 });
    const seen = new Map<number, number[]>();
    for (const { input_ids, seq_lengths, sequence_ids } of readPacks(output)) {
      let from = 0;
      for (const [k, id] of sequence_ids.entries()) {
        seen.set(id, input_ids.slice(from, from + seq_lengths[k]!));
        from += seq_lengths[k]!;
      }
    }
    const found = [...seen].sort((a, b) => a[0] - b[0]).map(([, ids]) => ids);
    // The pattern finds 0.arrow before 2.arrow, which is then a source twice: as it was asked for.
    const twice = [
      ...sequences.slice(0, 3),
      [31],
      [32, 33],
      ...sequences.slice(0, 2),
      ...sequences.slice(5),
    ];
    t.deepEqual(found, given === input ? sequences : twice);
    t.is(report.sequenceCount, found.length);
    await verifyDataset(output, { input: given });
  }
});

const carried = {
  id: { type: new arrow.Int64(), values: [70n, 80n, 90n, 100n] },
  source: { type: new arrow.Utf8(), values: ["wiki", "books", "", "wiki ünï"] },
  weight: { type: new arrow.Float64(), values: [0.5, -1.25, 0, 1e300] },
  small: { type: new arrow.Uint8(), values: [1, 2, 3, 255] },
  kept: { type: new arrow.Bool(), values: [true, false, true, true] },
};

test("ids, sources and weights are carried along: numbers, strings and booleans", async (t) => {
  const at = folder();
  const list = new arrow.List(new arrow.Field("item", new arrow.Int32(), true));
  const sequences = [[11, 12, 13], [21, 22], [31, 32, 33, 34], [41]];
  const columns = Object.entries(carried).map(
    ([name, { type, values }]) => [name, arrow.vectorFromArray(values as number[], type)] as const,
  );
  const table = new arrow.Table({
    input_ids: arrow.vectorFromArray(sequences, list),
    ...Object.fromEntries(columns),
  });
  const input = join(at, "s.arrow");
  writeFileSync(input, arrow.tableToIPC(table, "file"));
  for (const [format, overlong] of [
    ["arrow", "error"],
    ["parquet", "error"],
    ["parquet", "split"],
  ] as const) {
    const output = join(at, `${format}-${overlong}`);
    const report = await packDataset({
      ...{ input, output, format, overlong, capacity: overlong === "split" ? 3 : 6 },
      columns: { carry: Object.keys(carried) },
    });
    const path = join(output, report.files[0]!.path);
    const rows =
      format === "parquet"
        ? await parquetRows(path)
        : Array.from(arrow.tableFromIPC(readFileSync(path)), (row) => row!.toJSON());
    t.is(rows.length, report.packCount);
    for (const row of rows) {
      const ids = Array.from(row.sequence_ids as Iterable<bigint>, Number);
      for (const [name, { values }] of Object.entries(carried)) {
        const got = Array.from(row[name] as Iterable<unknown>);
        t.deepEqual(
          got.map(String),
          ids.map((id) => String(values[id])),
          name,
        ); // a piece has its sequence's
      }
    }
    await verifyDataset(output, { input, columns: { carry: Object.keys(carried) } });
  }
  const output = join(at, "none");
  const missing = packDataset({
    ...{ input, output, format: "parquet", capacity: 6 },
    columns: { carry: ["id", "sauce"] },
  });
  const error = await caught(missing);
  t.is(error.code, "ERR_COLUMN");
  t.regex(error.message, /there is no column 'sauce' to carry/);
});

test("the manifest's ledger says what became of every token, under every policy", async (t) => {
  const at = folder();
  const input = join(at, "s.jsonl");
  writeLines(input, [Array.from({ length: 25 }, (_, k) => k + 1), [1, 2, 3, 4], []]);
  const policies: [PackDatasetOptions["overlong"], object][] = [
    [
      "split",
      { tokensIn: 29, tokensPacked: 29, tokensTruncated: 0, tokensDropped: 0, droppedCount: 1 },
    ],
    [
      "truncate",
      { tokensIn: 29, tokensPacked: 14, tokensTruncated: 15, tokensDropped: 0, droppedCount: 1 },
    ],
    [
      "truncate-start",
      { tokensIn: 29, tokensPacked: 14, tokensTruncated: 15, tokensDropped: 0, droppedCount: 1 },
    ],
    [
      "drop",
      { tokensIn: 29, tokensPacked: 4, tokensTruncated: 0, tokensDropped: 25, droppedCount: 2 },
    ],
  ];
  for (const format of ["parquet", "arrow", "hf", "trl", "mds", "npy", "safetensors"]) {
    for (const [overlong, ledger] of policies) {
      const output = join(at, `${format}-${overlong}`);
      const options = { input, output, format, overlong, empty: "drop", capacity: 10 } as const;
      const { droppedCount, ...tokens } = ledger as { droppedCount: number };
      t.like(await packDataset(options), tokens);
      t.like(readManifest(output), { ...ledger, overlong, empty: "drop", sequenceCount: 3 });
    }
  }
});
