// The worked example in the formats that are tables: what a trainer is given, column by column, written
// by hand. golden.spec.ts has the other formats byte by byte.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import test from "ava";
import { packDataset } from "../../index.js";
import { abc, folder, writeArrow } from "../fixtures/dataset-files.js";

type Row = Record<string, number[]>;

const list = (values: unknown): number[] => Array.from(values as Iterable<number>, Number);
const lists = (row: Record<string, unknown>): Row =>
  Object.fromEntries(Object.entries(row).map(([name, values]) => [name, list(values)]));

async function rowsOf(path: string): Promise<Row[]> {
  if (path.endsWith(".arrow"))
    return Array.from(arrow.tableFromIPC(readFileSync(path)), (row) => lists(row!.toJSON()));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const read = await connection.runAndReadAll(`SELECT * FROM '${path}'`);
  return read.getRowObjectsJS().map(lists);
}

const no = -100;
// A = 11 12 13 and B = 21 22 share a pack of capacity 8, C = 31 32 33 34 has one of its own.
const ids = [
  [11, 12, 13, 21, 22],
  [31, 32, 33, 34],
];
const labels = [
  [no, 12, 13, no, 22],
  [no, 32, 33, 34],
];
const seq_lengths = [[3, 2], [4]];
const sequence_ids = [[0, 1], [2]];
const positions = [
  [0, 1, 2, 0, 1],
  [0, 1, 2, 3],
];
const segments = [
  [1, 1, 1, 2, 2],
  [1, 1, 1, 1],
];
/** Rows of one width. */
const wide = (rows: number[][], width: number, value: number): number[][] =>
  rows.map((row) => [...row, ...Array.from({ length: width - row.length }, () => value)]);
const rowsFrom = (columns: Record<string, number[][]>): Row[] =>
  ids.map((_, k) =>
    Object.fromEntries(Object.entries(columns).map(([name, rows]) => [name, rows[k]!])),
  );

const expected: Record<string, Row[]> = {
  parquet: rowsFrom({ input_ids: ids, seq_lengths, sequence_ids }),
  arrow: rowsFrom({ input_ids: ids, seq_lengths, sequence_ids }),
  trl: rowsFrom({ input_ids: ids, labels, seq_lengths }),
  hf: rowsFrom({
    input_ids: wide(ids, 8, 9),
    labels: wide(labels, 8, no),
    position_ids: wide(positions, 8, 0),
    seq_lengths,
  }),
  llamafactory: rowsFrom({
    input_ids: wide(ids, 9, 9),
    attention_mask: wide(segments, 9, 0),
    position_ids: wide(positions, 9, 0),
    labels: wide(labels, 9, no),
  }),
  nemo: rowsFrom({
    input_ids: ids,
    loss_mask: [
      [1, 1, 0, 1, 0],
      [1, 1, 1, 0],
    ],
    seq_start_id: [[0, 3], [0]],
    sequence_ids,
  }),
};

for (const [format, rows] of Object.entries(expected)) {
  test(`the worked example as ${format}: columns in order, with what the trainer is to see`, async (t) => {
    const at = folder();
    const input = join(at, "source.arrow");
    const output = join(at, "out");
    writeArrow(input, { input_ids: { rows: abc } });
    await packDataset({
      ...{ input, output, format, capacity: 8, padTokenId: 9 },
      ...({ strategy: "next-fit", order: "plan" } as const),
    });
    const data = format === "llamafactory" ? join(output, "train") : output;
    const files = readdirSync(data).filter((name) => /\.(arrow|parquet)$/.test(name));
    t.is(files.length, 1);
    const found = await rowsOf(join(data, files[0]!));
    t.deepEqual(found, rows);
    t.deepEqual(Object.keys(found[0]!), Object.keys(rows[0]!));
  });
}
