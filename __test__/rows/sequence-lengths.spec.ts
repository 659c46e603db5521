import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { collate, packSync, sequenceLengths, type TokenColumn } from "../../index.js";

type Row = number[] | null;
const listType = new arrow.List(new arrow.Field("element", new arrow.Int32()));

/** An Arrow vector of one chunk per group of rows. */
function vectorOf(chunks: readonly (readonly Row[])[]): arrow.Vector<arrow.List<arrow.Int32>> {
  const made = chunks.map((rows) => arrow.vectorFromArray(rows as Row[], listType));
  return new arrow.Vector(made.flatMap((vector) => vector.data));
}

const lengthsOf = (rows: readonly Row[]): number[] => rows.map((row) => row?.length ?? 0);
const same = (t: ExecutionContext, column: unknown, rows: readonly Row[]): void => {
  t.deepEqual([...sequenceLengths(column as TokenColumn)], lengthsOf(rows));
};

const rowsOf = fc.array(fc.option(fc.array(fc.nat(99), { maxLength: 5 }), { nil: null }), {
  maxLength: 20,
});

test("Arrow vectors give the lengths of their rows, in chunks, with nulls and sliced", (t) => {
  fc.assert(
    fc.property(
      fc.array(rowsOf, { minLength: 1, maxLength: 4 }),
      fc.nat(30),
      fc.nat(30),
      (chunks, from, count) => {
        const rows = chunks.flat();
        const vector = vectorOf(chunks);
        same(t, vector, rows);
        same(t, vector.slice(from, from + count), rows.slice(from, from + count));
        same(t, vector.slice(from).slice(1, 1 + count), rows.slice(from).slice(1, 1 + count));
      },
    ),
  );
});

test("a column of a table read from Arrow IPC gives its lengths", (t) => {
  const rows = [[1, 2, 3], null, [], [4]];
  const table = new arrow.Table({ input_ids: vectorOf([rows, rows]) });
  const read = arrow.tableFromIPC(arrow.tableToIPC(table, "file"));
  same(t, read.getChild("input_ids"), [...rows, ...rows]);
});

test("LargeList offsets are read as 64-bit integers", (t) => {
  const type = { typeId: 21, toString: () => "LargeList<Int32>" };
  const valueOffsets = BigInt64Array.of(0n, 3n, 3n, 7n);
  const chunk = { type, typeId: 21, length: 3, offset: 0, valueOffsets, children: [{ length: 7 }] };
  same(t, { data: [chunk], length: 3 }, [[1, 2, 3], [], [1, 2, 3, 4]]);
});

test("vectors that aren't lists are refused by their type", (t) => {
  const refuse = (column: unknown, message: RegExp) =>
    t.throws(() => sequenceLengths(column as TokenColumn), { code: "ERR_COLUMN", message });
  refuse(arrow.vectorFromArray([1, 2], new arrow.Int32()), /vector of Int32/);
  const fixed = new arrow.FixedSizeList(2, new arrow.Field("element", new arrow.Int32()));
  refuse(arrow.vectorFromArray([[1, 2]], fixed), /list size of its type/);
});

test("typed columns give the differences of their offsets, of whatever type", (t) => {
  const values = new Uint16Array(7);
  for (const offsets of [
    Uint32Array.of(1, 3, 3, 7),
    Int32Array.of(1, 3, 3, 7),
    BigInt64Array.of(1n, 3n, 3n, 7n),
  ])
    t.deepEqual([...sequenceLengths({ values, offsets })], [2, 0, 4]);
  t.is(sequenceLengths({ values, offsets: new Int32Array(0) }).length, 0);
});

test("offsets that fall or lie outside are named", (t) => {
  const values = new Int32Array(4);
  for (const offsets of [
    [0, 2, 1],
    [0, 2, 5],
    [-1, 0, 0],
    [0, 2, -2],
  ]) {
    const index = offsets[0]! < 0 ? 0 : 1;
    const error = t.throws(() => sequenceLengths({ values, offsets: Int32Array.from(offsets) }), {
      code: "ERR_COLUMN",
    });
    t.like(error, { index });
  }
});

test("arrays of arrays are counted, and what isn't an array is named", (t) => {
  same(t, [[1, 2], Uint16Array.of(1), null, []] as unknown, [[1, 2], [1], null, []]);
  const refuse = (column: unknown, message: RegExp) =>
    t.throws(() => sequenceLengths(column as TokenColumn), { code: "ERR_COLUMN", message });
  refuse([[1], 2], /column\[1\].*these are lengths already/);
  refuse(["abc"], /column\[0\] must be an array/);
  refuse([[1], undefined], /column\[1\]/);
  refuse(new Map(), /must be \{ values, offsets \}/);
  refuse(5, /got 5/);
  refuse(null, /got null/);
});

test("list columns of DuckDB are counted and packed", async (t) => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const sql =
    "SELECT CASE WHEN i = 3 THEN NULL ELSE range(i)::INTEGER[] END AS input_ids FROM range(3000) t(i) ORDER BY i";
  const reader = await connection.runAndReadAll(sql);
  const [column] = reader.getColumns() as { items: number[] }[][];
  const lengths = sequenceLengths(column!);
  t.deepEqual(
    [...lengths],
    Array.from({ length: 3000 }, (_, i) => (i === 3 ? 0 : i)),
  );
  const packing = packSync(lengths, { capacity: 4096, empty: "drop" });
  t.is(packing.sequenceCount, 3000);
  t.deepEqual([...packing.dropped], [0, 3]);
});

test("an Arrow column is packed and collated without copying a token", (t) => {
  const { data } = vectorOf([[[11, 12, 13], [21, 22], [31]]]);
  const { valueOffsets, children, length } = data[0]!;
  // Builders leave room behind the last offset.
  const offsets = valueOffsets.subarray(0, length + 1);
  const tokens = { values: children[0]!.values as Int32Array, offsets };
  const packing = packSync(sequenceLengths(tokens), { capacity: 3 });
  const { inputIds } = collate(packing, tokens);
  t.deepEqual([...inputIds], [11, 12, 13, 21, 22, 31]);
});
