// Sources that aren't files: rows, record batches and bytes from iterables give what files with the same
// contents give, to the byte; slow, failing and abandoned sources leave nothing behind.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import test from "ava";
import fc from "fast-check";
import {
  cleanLeftovers,
  openDataset,
  type PackDatasetOptions,
  packDataset,
  readLengths,
  type StowageError,
  verifyDataset,
} from "../../index.js";
import { caught, folder } from "../fixtures/dataset-files.js";

type Input = PackDatasetOptions["input"];

/** All files of a folder, by name. */
const bytesOf = (at: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(at, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "latin1")]),
  );

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise(setImmediate);
    yield item;
  }
}

/** Packs two sources, which must give the same bytes, and proves the one with the other. */
async function same(t: import("ava").ExecutionContext, file: Input, give: () => Input, more = {}) {
  const at = folder();
  const options = { format: "arrow", capacity: 16, ...more } as const;
  await packDataset({ ...options, input: file, output: join(at, "file") });
  await packDataset({ ...options, input: give(), output: join(at, "given") });
  t.deepEqual(bytesOf(join(at, "given")), bytesOf(join(at, "file")));
  const { columns } = more as PackDatasetOptions;
  await verifyDataset(join(at, "given"), { input: give(), columns });
  await verifyDataset(join(at, "file"), { input: give(), columns });
  t.deepEqual(readdirSync(at).sort(), ["file", "given"], "nothing is left behind");
}

test("rows give the same bytes as a file of JSON lines, from whatever iterates", async (t) => {
  const rows = fc.array(
    fc.record({
      input_ids: fc.array(fc.nat(50_000), { minLength: 1, maxLength: 16 }),
      note: fc.oneof(fc.string(), fc.constant(null)),
    }),
    { maxLength: 60 },
  );
  const property = fc.asyncProperty(rows, fc.nat(4), async (given, way) => {
    const file = join(folder(), "rows.jsonl");
    writeFileSync(file, given.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const typed = given.map(({ input_ids, note }) => ({
      input_ids: Int32Array.from(input_ids),
      note,
    }));
    const wide = given.map(({ input_ids }) => ({
      input_ids: BigInt64Array.from(input_ids, BigInt),
    }));
    const ways: (() => Input)[] = [
      () => (given.length === 0 ? new Set<never>() : given),
      () => each(typed),
      () => new Set(wide),
      () => each([given.slice(0, 7), given.slice(7)]),
      () => Readable.from(given),
    ];
    await same(t, file, ways[way]!);
  });
  await fc.assert(property, { numRuns: 25 });
});

test("labels and weights come from rows: a Float32Array is one of weights, whatever stands in it", async (t) => {
  const file = join(folder(), "rows.jsonl");
  writeFileSync(
    file,
    '{"input_ids":[1,2,3],"own":[-100,2,3],"w":[1.0,0.0,1.0]}\n{"input_ids":[4,5],"own":[4,-100],"w":[1.0,2.0]}\n',
  );
  const rows = [
    { input_ids: [1, 2, 3], own: Int32Array.of(-100, 2, 3), w: Float32Array.of(1, 0, 1) },
    { input_ids: [4n, 5n], own: [4, -100], w: Float32Array.of(1, 2) },
  ];
  await same(t, file, () => rows, { columns: { labels: "own" } });
  await same(t, file, () => rows, { columns: { lossMask: "w" } });
});

const list = (type: arrow.DataType) => new arrow.List(new arrow.Field("item", type, true));

/** Tables with every type that is taken, the tokens as lists of one kind. */
const tables = {
  int32: arrow.vectorFromArray([[1, 2], [3], [4, 5, 6], [7]], list(new arrow.Int32())),
  uint16: arrow.vectorFromArray([[1, 2], [3], [4, 5, 6], [7]], list(new arrow.Uint16())),
  int64: arrow.vectorFromArray([[1n, 2n], [3n], [4n], [5n]], list(new arrow.Int64())),
  fixed: arrow.vectorFromArray(
    [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ],
    new arrow.FixedSizeList(2, new arrow.Field("item", new arrow.Int32(), true)),
  ),
};
const others = {
  text: arrow.vectorFromArray(["a", null, "ü", ""], new arrow.Utf8()),
  big: arrow.vectorFromArray([1n, -5n, null, 2n ** 62n], new arrow.Int64()),
  yes: arrow.vectorFromArray([true, false, null, true], new arrow.Bool()),
  real: arrow.vectorFromArray([0.5, null, -1, 3], new arrow.Float64()),
  tags: arrow.vectorFromArray([["x", "y"], [], null, ["z"]], list(new arrow.Utf8())),
  both: arrow.vectorFromArray(
    [
      { a: 1, b: "p" },
      { a: 2, b: null },
      { a: 3, b: "q" },
      { a: null, b: "r" },
    ],
    new arrow.Struct([
      new arrow.Field("a", new arrow.Int16(), true),
      new arrow.Field("b", new arrow.Utf8(), true),
    ]),
  ),
  when: arrow.vectorFromArray([0, 1, 2, 3], new arrow.TimestampMillisecond()),
  day: arrow.vectorFromArray(
    [new Date(0), null, new Date(86_400_000), new Date(0)],
    new arrow.DateDay(),
  ),
  bytes: arrow.vectorFromArray(
    [Uint8Array.of(1), Uint8Array.of(), null, Uint8Array.of(2, 3)],
    new arrow.Binary(),
  ),
  nothing: arrow.vectorFromArray([null, null, null, null], new arrow.Null()),
};

test("record batches, tables and their bytes give the same as an Arrow file", async (t) => {
  for (const [name, input_ids] of Object.entries(tables)) {
    const table = new arrow.Table({ input_ids, ...others } as never);
    const file = join(folder(), `${name}.arrow`);
    writeFileSync(file, arrow.tableToIPC(table, "file"));
    const carry = Object.keys(others);
    const more = { columns: { carry } };
    const stream = arrow.tableToIPC(table, "stream");
    // Slices share buffers, so their bits and offsets begin anywhere.
    const slices = [0, 1, 3].map((at, k, all) => table.slice(at, all[k + 1] ?? 4));
    await same(t, file, () => table as never, more);
    await same(t, file, () => each(table.batches) as never, more);
    await same(t, file, () => slices as never, more);
    await same(t, file, () => arrow.tableToIPC(table, "file"), more);
    await same(t, file, () => each([...stream].map((byte) => Uint8Array.of(byte))), more);
    await same(t, file, () => stream.slice().buffer as ArrayBuffer, more);
  }
  const word = arrow.vectorFromArray(
    ["p", "q", "p", null],
    new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
  );
  const table = new arrow.Table({ input_ids: tables.int32, word } as never);
  const file = join(folder(), "words.arrow");
  writeFileSync(file, arrow.tableToIPC(table, "file"));
  await same(t, file, () => table as never, { columns: { carry: ["word"] } });
});

test("batches that differ, and types that aren't taken, are named", async (t) => {
  const output = join(folder(), "out");
  const pack = (input: unknown) =>
    caught(packDataset({ input: input as never, output, format: "arrow", capacity: 16 }));
  const int32 = new arrow.Table({ input_ids: tables.int32 } as never);
  const uint16 = new arrow.Table({ input_ids: tables.uint16 } as never);
  const differ = await pack([int32, uint16]);
  t.is(differ.code, "ERR_COLUMN");
  t.regex(
    differ.message,
    /^input: batch 1 has the columns input_ids \(List\(.*UInt16.*those before it have/,
  );
  const union = arrow.vectorFromArray([1, 2], new arrow.Int32());
  const fields = { input_ids: arrow.vectorFromArray([[1], [2]], list(new arrow.Int32())), union };
  const table = new arrow.Table(fields as never);
  const strange = Object.assign(Object.create(table), {
    batches: table.batches.map((batch) =>
      Object.assign(Object.create(batch), {
        data: Object.assign(Object.create(batch.data), {
          children: batch.data.children.map((child, k) =>
            k === 0 ? child : Object.assign(Object.create(child), { type: { typeId: 99 } }),
          ),
        }),
      }),
    ),
  });
  t.regex((await pack(strange)).message, /column 'union' of batch 0: its type, number 99 of/);
  const two = Buffer.concat([arrow.tableToIPC(int32, "stream"), arrow.tableToIPC(int32, "stream")]);
  t.regex((await pack(two)).message, /bytes follow the end of the stream/);
});

test("what DuckDB selects is packed as it comes", async (t) => {
  const at = folder();
  const options = { format: "parquet", capacity: 16 } as const;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const select =
    "SELECT list_transform(range(1, 2 + i % 9), x -> (x * i)::INTEGER) AS input_ids FROM range(3000) t(i)";
  const file = join(at, "rows.jsonl");
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT json)`);
  // A result that streams ends when its connection asks something else, so each has its own.
  const streamed = async () => (await instance.connect()).stream(select);
  await packDataset({ input: (await streamed()) as Input, output: join(at, "a"), ...options });
  await packDataset({ input: file, output: join(at, "b"), ...options });
  t.deepEqual(bytesOf(join(at, "a")), bytesOf(join(at, "b")));
  await verifyDataset(join(at, "a"), { input: (await streamed()) as Input });
  const rows = (await streamed()).yieldRowObjectJs() as AsyncIterable<never>;
  await verifyDataset(join(at, "a"), { input: rows });
});

test("bytes from a server, a stream or a blob are a file of any kind", async (t) => {
  const at = folder();
  const source = join(at, "rows.jsonl");
  writeFileSync(
    source,
    Array.from({ length: 200 }, (_, k) => `{"input_ids":[${k},1,2]}\n`).join(""),
  );
  const parquet = join(at, "parquet");
  await packDataset({ input: source, output: parquet, format: "parquet", capacity: 16 });
  const [shard] = readdirSync(parquet).filter((name) => name.endsWith(".parquet"));
  copyFileSync(join(parquet, shard!), join(at, "plain.parquet")); // no manifest stands beside it
  for (const file of [source, join(at, "plain.parquet")]) {
    const body = readFileSync(file);
    const server = createServer((_, response) => {
      for (let start = 0; start < body.length; start += 1000)
        response.write(body.subarray(start, start + 1000));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.teardown(() => server.closeAllConnections());
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const responses = await Promise.all([1, 2, 3].map(() => fetch(`http://127.0.0.1:${port}`)));
    await same(t, file, () => responses.pop()!.body as never);
    await same(t, file, () => Readable.from([body.subarray(0, 99), body.subarray(99)]));
    await same(t, file, () => new Blob([body]).stream() as never);
  }
});

test("a source that fails, hangs or is abandoned leaves nothing and is told to end", async (t) => {
  const at = folder();
  const options = { output: join(at, "out"), format: "arrow", capacity: 16 } as const;
  const reason = new Error("the far side is gone");
  async function* failing() {
    yield { input_ids: [1] };
    throw reason;
  }
  t.is(await caught(packDataset({ ...options, input: failing() })), reason as never);
  t.deepEqual(readdirSync(at), []);
  let ended = 0;
  const hanging = (seen: () => void): AsyncIterable<{ input_ids: number[] }> => ({
    [Symbol.asyncIterator]: () => ({
      next: () => {
        seen();
        return new Promise(() => {});
      },
      return: async () => {
        ended++;
        return { done: true, value: undefined };
      },
    }),
  });
  const stop = new AbortController();
  const input = hanging(() => setTimeout(() => stop.abort(reason), 20));
  t.is(await caught(packDataset({ ...options, input, signal: stop.signal })), reason as never);
  t.is(ended, 1);
  t.deepEqual(readdirSync(at), []);
  // A row that can't be written ends the source, too.
  async function* wrong() {
    try {
      yield { input_ids: [1] };
      yield 5 as never;
    } finally {
      ended++;
    }
  }
  const bad = await caught(packDataset({ ...options, input: wrong() }));
  t.deepEqual([bad.code, bad.row], ["ERR_COLUMN", 1]);
  t.is(ended, 2);
  t.deepEqual(readdirSync(at), []);
});

test("the next item is asked for when the last is put down", async (t) => {
  let given = 0;
  let asked = 0;
  let most = 0;
  const ids = Int32Array.from({ length: 100_000 }, (_, k) => k);
  const input: AsyncIterable<{ input_ids: Int32Array }> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        most = Math.max(most, ++asked - given);
        await new Promise(setImmediate);
        if (++given > 40) return { done: true, value: undefined };
        return { done: false, value: { input_ids: ids } };
      },
    }),
  };
  const output = join(folder(), "out");
  const report = await packDataset({ input, output, format: "arrow", capacity: 100_000 });
  t.is(report.packCount, 40);
  t.is(most, 1);
});

test("options and outputs are looked at before a source is touched", async (t) => {
  const at = folder();
  const untouched: AsyncIterable<never> = {
    [Symbol.asyncIterator]: () => {
      throw new Error("touched");
    },
  };
  const pack = (more: object) =>
    caught(
      packDataset({
        input: untouched,
        output: join(at, "out"),
        format: "arrow",
        capacity: 16,
        ...more,
      }),
    );
  mkdirSync(join(at, "out"));
  writeFileSync(join(at, "out", "mine"), "");
  t.is((await pack({})).code, "ERR_OUTPUT_EXISTS");
  t.is(
    (await pack({ output: join(at, "new"), format: "seqpack", overlong: "split" })).code,
    "ERR_OPTION",
  );
  t.is((await pack({ output: join(at, "new"), capacity: 0 })).code, "ERR_CAPACITY");
  t.deepEqual(readdirSync(at), ["out"]);
  t.deepEqual(await cleanLeftovers(at), []);
});

test("faults of given rows name the row and no file", async (t) => {
  const output = join(folder(), "out");
  const pack = (input: unknown, more = {}) =>
    caught(packDataset({ input: input as never, output, format: "arrow", capacity: 4, ...more }));
  const message = async (input: unknown, more = {}) => {
    const { code, row, path, message } = (await pack(input, more)) as StowageError;
    t.notRegex(message, /stowage-.*tmp/);
    return [code, row, path, message] as const;
  };
  const negative = await message([{ input_ids: [1] }, { input_ids: [-1] }]);
  t.deepEqual(negative.slice(0, 3), ["ERR_COLUMN", 1, "input"]);
  const fraction = await message([{ input_ids: [1] }, { input_ids: [1.5] }]);
  t.deepEqual(fraction.slice(0, 3), ["ERR_COLUMN", 1, "input"]);
  const weights = [{ input_ids: [1], w: [Number.NaN] }];
  const nan = await message(weights, { columns: { lossMask: "w" } });
  t.regex(nan[3], /NaN/);
  t.is((await message([{ ids: [1] }]))[0], "ERR_COLUMN");
  t.is((await message([{ input_ids: [1, 2, 3, 4, 5] }]))[0], "ERR_OVERLONG");
  t.regex((await message(new Set(['{"input_ids":[1]}'])))[3], /a line of JSON has to be parsed/);
  t.regex((await message([{ input_ids: () => 1 }]))[3], /row 0 of `input` holds a function/);
  for (const input of [5, null, {}, Int32Array.of(1), () => 1, []]) {
    t.is((await pack(input)).code, "ERR_OPTION");
  }
});

test("places elsewhere are refused with the way there; file: URLs are files", async (t) => {
  const at = folder();
  const file = join(at, "a ü.jsonl");
  writeFileSync(file, '{"input_ids":[1,2]}\n');
  const output = join(at, "out");
  const options = { input: file, output, format: "arrow", capacity: 4 } as const;
  for (const away of [
    "s3://bucket/x",
    "https://host/x.parquet",
    "hf://datasets/a/b",
    "gs://b",
    new URL("https://h/x"),
  ]) {
    for (const refused of [
      packDataset({ ...options, input: away }),
      packDataset({ ...options, input: [file, away] }),
      packDataset({ ...options, output: away as string }),
      verifyDataset(output, { input: away }),
      verifyDataset(away as string),
      openDataset(away as string),
      readLengths(away),
      cleanLeftovers(away as string),
    ]) {
      const error = await caught(refused);
      t.is(error.code, "ERR_OPTION");
      t.regex(error.message, /only files of this machine are opened by name; (give|name)/);
    }
  }
  t.deepEqual(readdirSync(at), ["a ü.jsonl"]);
  const written = await caught(packDataset({ ...options, input: pathToFileURL(file).href }));
  t.regex(written.message, /give new URL\('file:/);
  await packDataset({ ...options, input: pathToFileURL(file) });
  await verifyDataset(output, { input: [pathToFileURL(file)] });
  t.deepEqual(await readLengths(pathToFileURL(file)), Uint32Array.of(2));
});
