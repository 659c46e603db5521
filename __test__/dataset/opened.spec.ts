// openDataset: every format with rows gives back the sequences that went in, by pack numbers in any
// order, as rows and as batches; damage, change and aborts are told.
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import fc from "fast-check";
import {
  collate,
  type DatasetFormat,
  openDataset,
  type PackDatasetOptions,
  type PackedRow,
  type PackedRows,
  packDataset,
} from "../../index.js";
import { caught, folder, job, readManifest, writeArrow } from "../fixtures/dataset-files.js";
import { formats, withRows } from "../fixtures/formats.js";

/** All that an iteration gives. */
async function all<T>(iteration: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of iteration) found.push(each);
  return found;
}

/** The segments of a pack: tokens without filler, source and first token where the format has them. */
const segmentsOf = (row: PackedRow) => {
  const places = row.cuSeqlensPadded ?? row.cuSeqlens;
  return Array.from({ length: row.cuSeqlens.length - 1 }, (_, k) => {
    const count = row.cuSeqlens[k + 1]! - row.cuSeqlens[k]!;
    const at = places[k]!;
    return {
      ids: Array.from(row.inputIds.subarray(at, at + count)),
      labels: row.labels && Array.from(row.labels.subarray(at, at + count)),
      sequence: row.sequences?.[k],
      start: row.pieceStarts?.[k] ?? 0,
    };
  });
};

const inOrder = (a: number[], b: number[]): number => {
  const at = a.findIndex((id, k) => id !== b[k]);
  return at === -1 ? a.length - b.length : a[at]! - (b[at] ?? -1);
};

/** What each format allows. */
const optionsOf = (format: DatasetFormat, cut: boolean, aligned: boolean) => {
  const aligns = ["parquet", "arrow", "hf", "trl", "nemo", "npy", "safetensors", "mds"];
  return {
    eosTokenId: format === "megatron" || cut ? 7 : undefined,
    sequenceAlignment: aligned && aligns.includes(format) ? 4 : undefined,
    overlong: cut ? "split" : "error",
  } as Partial<PackDatasetOptions> & { eosTokenId?: number };
};

test("every format gives back the source's sequences, pieces joined, end tokens and filler off", async (t) => {
  // Ids below the end token's, none of which is the padding id.
  const sequences = fc.array(
    fc.array(fc.integer({ min: 8, max: 4000 }), { minLength: 1, maxLength: 40 }),
    { maxLength: 60 },
  );
  const property = fc.asyncProperty(
    sequences,
    fc.constantFrom(...withRows),
    fc.boolean(),
    fc.boolean(),
    fc.integer({ min: 300, max: 3000 }),
    async (source, format, cut, aligned, shardSize) => {
      const more = optionsOf(format, cut, aligned);
      const sharded = !["npy", "megatron"].includes(format);
      const capacity = cut ? 24 : 48;
      const given = job(source, {
        ...{ format, capacity, padTokenId: 3, ...more },
        ...(sharded && { shardSize }),
      });
      const refused = await packDataset(given).then(
        () => undefined,
        (error) => error,
      );
      if (refused?.code === "ERR_OPTION") return; // the format doesn't cut, or doesn't align
      t.is(refused, undefined, refused?.message);
      const dataset = await openDataset(given.output);
      const rows = await all(dataset.packs());
      t.is(rows.length, dataset.packCount);
      t.deepEqual(
        rows.map((row) => row.pack),
        rows.map((_, k) => k),
      );
      const segments = rows.flatMap(segmentsOf);
      const off = (ids: number[]): number[] =>
        more.eosTokenId !== undefined && ids.at(-1) === more.eosTokenId ? ids.slice(0, -1) : ids;
      if (segments.every(({ sequence }) => sequence !== undefined)) {
        const found = source.map((_, k) =>
          segments
            .filter(({ sequence }) => sequence === k)
            .sort((a, b) => a.start - b.start)
            .flatMap(({ ids }) => ids),
        );
        t.deepEqual(found.map(off), source, format);
      } else {
        const pieces = source.flatMap((ids) => {
          const ended = more.eosTokenId === undefined ? ids : [...ids, more.eosTokenId];
          const count = Math.ceil(ended.length / capacity);
          return Array.from({ length: count }, (_, k) =>
            ended.slice(k * capacity, (k + 1) * capacity),
          );
        });
        const found = segments.map(({ ids }) => ids);
        if (!cut) t.deepEqual(found.sort(inOrder), pieces.sort(inOrder), format);
        else {
          const sum = (lists: number[][]) => lists.flat().sort((a, b) => a - b);
          t.deepEqual(sum(found), sum(pieces), format);
        }
      }
      for (const { ids, labels } of segments) t.deepEqual(labels, [-100, ...ids.slice(1)], format);
      rmSync(join(given.output, ".."), { recursive: true });
    },
  );
  await fc.assert(property, { numRuns: 120 });
});

/** Sequences of ids that tell which they are. */
const numbered = (count: number): number[][] =>
  Array.from({ length: count }, (_, k) =>
    Array.from({ length: 1 + ((k * 7) % 19) }, (_, place) => 100 * k + place + 1),
  );

test("batches are what collate makes of the same packs, whatever their size, layout and shards", async (t) => {
  const source = numbered(120);
  const offsets = Uint32Array.from({ length: source.length + 1 }, (_, k) =>
    source.slice(0, k).reduce((sum, ids) => sum + ids.length, 0),
  );
  const tokens = { values: Int32Array.from(source.flat()), offsets };
  for (const format of ["arrow", "parquet", "mds", "npy", "safetensors"] as const) {
    const given = job(source, {
      format,
      capacity: 24,
      ...(format !== "npy" && { shardSize: 900 }),
    });
    await packDataset(given);
    const dataset = await openDataset(given.output);
    const rows = await all(dataset.packs());
    const packing = {
      capacity: 24,
      offsets: Uint32Array.from([0, ...rows.map((row) => row.sequences!.length)]).map(
        (_, k, counts) => counts.subarray(0, k + 1).reduce((sum, count) => sum + count, 0),
      ),
      sequences: Uint32Array.from(rows.flatMap((row) => Array.from(row.sequences!))),
    };
    const { Packing } = await import("../../index.js");
    const packed = Packing.from(packing as never);
    for (const more of [
      { rows: 1 },
      { rows: 5, layout: "flat", padToMultipleOf: 16 },
      { rows: 7, labels: "shifted", attentionMask: "binary", padTokenId: 9 },
      { rows: 1000, width: 32, paddingSegment: true, labels: false },
    ] as const) {
      const { rows: size, ...options } = more;
      let start = 0;
      for await (const { packs, ...batch } of dataset.batches(more)) {
        const end = Math.min(start + size, rows.length);
        t.deepEqual(
          Array.from(packs),
          Array.from({ length: end - start }, (_, k) => start + k),
        );
        t.deepEqual(batch, collate(packed, tokens, { ...options, packs: { start, end } }) as never);
        start = end;
      }
      t.is(start, rows.length);
    }
  }
});

test("packs come in any order that is asked for, twice if asked, from any place of it", async (t) => {
  for (const format of withRows) {
    const given = job(numbered(90), {
      ...{ format, capacity: 24, eosTokenId: 9 },
      ...(!["npy", "megatron"].includes(format) && { shardSize: 700 }),
    });
    const { packCount } = await packDataset(given);
    const dataset = await openDataset(given.output);
    const straight = await all(dataset.packs());
    const order = Array.from({ length: 2 * packCount }, (_, k) => (k * 13 + 5) % packCount);
    t.deepEqual(
      await all(dataset.packs({ order })),
      order.map((pack) => straight[pack]!),
      format,
    );
    const range = { start: 3, end: packCount - 2 };
    t.deepEqual(await all(dataset.packs(range)), straight.slice(3, -2));
    t.deepEqual(
      await all(dataset.packs({ order: Uint32Array.from(order), ...range })),
      order.slice(3, packCount - 2).map((pack) => straight[pack]!),
    );
    t.deepEqual(await all(dataset.packs({ start: 4, end: 4 })), []);
    t.deepEqual(await all(dataset.packs({ order: [] })), []);
    const batches = await all(dataset.batches({ rows: 4, dropLast: true }));
    t.is(batches.length, Math.floor(packCount / 4));
  }
});

test("labels, weights and masks come back as they were written", async (t) => {
  const at = folder();
  const input = join(at, "s.arrow");
  writeArrow(input, {
    input_ids: {
      rows: [
        [11, 12, 13],
        [21, 22],
        [31, 32, 33, 34],
      ],
    },
    own: {
      rows: [
        [-100, 7, 8],
        [9, -100],
        [1, 2, 3, 4],
      ],
    },
    yes: {
      rows: [
        [0, 1, 1],
        [1, 1],
        [1, 1, 0, 1],
      ],
      type: new arrow.Int8(),
    },
    weight: {
      rows: [
        [0, 0.5, 0.25],
        [1, 2],
        [1, 1, 0, 1],
      ],
      type: new arrow.Float32(),
    },
  });
  const read = async (format: DatasetFormat, columns: PackDatasetOptions["columns"]) => {
    const output = join(at, "out");
    const options = { input, output, format, columns, capacity: 5, overwrite: true } as const;
    await packDataset(options);
    const rows = await all((await openDataset(output)).packs());
    const [first, second] = rows.sort((a, b) => a.inputIds[0]! - b.inputIds[0]!);
    return { first: first!, second: second! };
  };
  const own = await read("arrow", { labels: "own" });
  t.deepEqual(Array.from(own.first.labels!), [-100, 7, 8, -100, -100]);
  t.is(own.first.lossWeights, undefined);
  const weighed = await read("parquet", { lossMask: "weight" });
  t.deepEqual(Array.from(weighed.first.labels!), [-100, 12, 13, -100, 22]);
  t.deepEqual(Array.from(weighed.first.lossWeights!), [0, 0.5, 0.25, 0, 2]);
  // A loss mask at the token before is a label at the token itself again.
  for (const format of ["nemo", "trl", "hf", "llamafactory", "arrow"] as const) {
    const { first, second } = await read(format, { lossMask: "yes" });
    t.deepEqual(Array.from(first.labels!), [-100, 12, 13, -100, 22], format);
    t.deepEqual(Array.from(second.labels!), [-100, 32, -100, 34], format);
  }
});

test("carried columns come back with their types, a value per segment", async (t) => {
  const at = folder();
  const input = join(at, "s.arrow");
  const ids = [[1, 2], [3], [4, 5, 6]];
  const list = (type: arrow.DataType) => new arrow.List(new arrow.Field("item", type, true));
  const columns = {
    input_ids: arrow.vectorFromArray(ids, list(new arrow.Int32())),
    text: arrow.vectorFromArray(["a", null, "ü"], new arrow.Utf8()),
    big: arrow.vectorFromArray([1n, -(2n ** 63n), 2n ** 63n - 1n], new arrow.Int64()),
    small: arrow.vectorFromArray([1, 2, 3], new arrow.Uint8()),
    real: arrow.vectorFromArray([0.5, null, -1], new arrow.Float64()),
    yes: arrow.vectorFromArray([true, false, null], new arrow.Bool()),
    tags: arrow.vectorFromArray([["x", "y"], [], null], list(new arrow.Utf8())),
    word: arrow.vectorFromArray(
      ["p", "q", "p"],
      new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
    ),
    when: arrow.vectorFromArray([0, 1, 2], new arrow.TimestampMillisecond()),
    bytes: arrow.vectorFromArray(
      [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)],
      new arrow.Binary(),
    ),
  };
  writeFileSync(input, arrow.tableToIPC(new arrow.Table(columns as never), "file"));
  const carry = Object.keys(columns).slice(1);
  const expected = {
    text: ["a", null, "ü"],
    big: [1n, -(2n ** 63n), 2n ** 63n - 1n],
    small: [1, 2, 3],
    real: [0.5, null, -1],
    yes: [true, false, null],
    tags: [["x", "y"], [], null],
    word: ["p", "q", "p"],
    when: [0n, 1n, 2n],
    bytes: [Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)],
  } as Record<string, unknown[]>;
  for (const format of ["arrow", "parquet"] as const) {
    const output = join(at, format);
    await packDataset({ input, output, format, capacity: 4, columns: { carry } });
    const dataset = await openDataset(output);
    t.deepEqual([...dataset.carried], carry);
    for (const row of await all(dataset.packs())) {
      t.deepEqual(Object.keys(row.carried!), carry);
      for (const name of carry) {
        const values = row.carried![name]!.map((each) =>
          Buffer.isBuffer(each) ? Uint8Array.from(each) : each,
        );
        t.deepEqual(
          values,
          Array.from(row.sequences!, (k) => expected[name]![k]) as never,
          `${format} ${name}`,
        );
      }
    }
    const [batch] = await all(dataset.batches({ rows: 8 }));
    t.is(batch!.carried!.text!.length, 3);
    t.is((await all(dataset.packs({ carried: false })))[0]!.carried, undefined);
  }
});

test("reused batches keep their memory and hold the same as new ones", async (t) => {
  const given = job(numbered(90), { capacity: 24 });
  await packDataset(given);
  const dataset = await openDataset(given.output);
  const fresh = await all(dataset.batches({ rows: 3 }));
  const buffers = new Set<ArrayBuffer>();
  let at = 0;
  for await (const batch of dataset.batches({ rows: 3, reuse: true, dropLast: true })) {
    t.deepEqual(batch, fresh[at++]!);
    buffers.add(batch.inputIds.buffer);
  }
  t.is(buffers.size, 1);
  const owned = new Set(fresh.flatMap(buffersOf));
  t.is(owned.size, fresh.flatMap(buffersOf).length, "every array has a buffer of its own");
});

const buffersOf = (batch: PackedRows): ArrayBuffer[] =>
  Object.values(batch).flatMap((value) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  );

test("what isn't a data set of rows, or an option, is refused with its code", async (t) => {
  const given = job(numbered(20), { format: "seqpack", capacity: 24 });
  await packDataset(given);
  const plan = await caught(openDataset(given.output));
  t.is(plan.code, "ERR_FORMAT");
  t.regex(plan.message, /'seqpack' holds a plan and no tokens/);
  t.true(formats.length === withRows.length + 1);
  t.is((await caught(openDataset(join(given.output, "none")))).code, "ERR_IO");
  t.is((await caught(openDataset(3 as never))).code, "ERR_OPTION");
  const output = join(given.output, "../arrow");
  const { packCount } = await packDataset({ ...given, output, format: "arrow" });
  const dataset = await openDataset(output);
  t.is(dataset.packCount, packCount);
  for (const [options, words] of [
    [{ end: packCount + 1 }, /`end` must be an integer/],
    [{ start: -1 }, /`start`/],
    [{ order: [0, packCount] }, /`order\[1\]` must be the number of a pack/],
    [{ order: "all" }, /`order` must be a list/],
    [{ ordre: [] }, /did you mean 'order'/],
    [{ rows: 3 }, /unknown option 'rows'/],
  ] as const) {
    t.throws(() => dataset.packs(options as never), { code: "ERR_OPTION", message: words });
  }
  t.throws(() => dataset.batches({} as never), {
    code: "ERR_OPTION",
    message: /`rows` is missing/,
  });
  const narrow = dataset.batches({ rows: 2, width: 3 });
  t.is((await caught(narrow.next())).code, "ERR_OPTION");
});

test("files that change, or are damaged, under an open data set are errors with their path", async (t) => {
  for (const format of withRows) {
    const given = job(numbered(60), { format, capacity: 24, eosTokenId: 9 });
    await packDataset(given);
    const [{ path }] = readManifest(given.output).files as [{ path: string }];
    const file = join(given.output, path);
    const dataset = await openDataset(given.output);
    const whole = readFileSync(file);
    appendFileSync(file, "x");
    const changed = await caught(all(dataset.packs()));
    t.deepEqual([changed.code, changed.path], ["ERR_INPUT_CHANGED", file], format);
    const wrong = await caught(openDataset(given.output));
    t.is(wrong.code, "ERR_FORMAT", format);
    // Bytes that are wrong in place: rows, or an error with a code; never a crash.
    for (let at = 0; at < whole.length; at += 101) {
      const damaged = Buffer.from(whole);
      damaged[at] = ~damaged[at]!;
      writeFileSync(file, damaged);
      try {
        await all((await openDataset(given.output)).packs());
      } catch (error) {
        const { code } = error as { code: string };
        t.true(["ERR_FORMAT", "ERR_INVALID_PACKING"].includes(code), `${format} ${at}: ${error}`);
      }
    }
  }
});

test("an iteration ends with the signal's reason, and early without a trace", async (t) => {
  const given = job(numbered(400), { capacity: 24 });
  await packDataset(given);
  const dataset = await openDataset(given.output);
  const reason = new Error("enough");
  t.is(await caught(all(dataset.packs({ signal: AbortSignal.abort(reason) }))), reason as never);
  const stop = new AbortController();
  let seen = 0;
  const stopped = (async () => {
    for await (const _ of dataset.packs({ signal: stop.signal }))
      if (++seen === 5) stop.abort(reason);
  })();
  t.is(await caught(stopped), reason as never);
  t.is(seen, 5);
  for await (const { pack } of dataset.packs()) if (pack === 3) break;
  // Two that go side by side don't disturb each other.
  const [a, b] = await Promise.all([all(dataset.packs()), all(dataset.packs({ threads: 1 }))]);
  t.deepEqual(a, b);
});

test("workers die while they read, and nothing crashes", async (t) => {
  const given = job(numbered(2000), { capacity: 24, format: "parquet" });
  await packDataset(given);
  const root = join(import.meta.dirname, "../..");
  const code = `const { Worker, isMainThread, parentPort } = require("node:worker_threads");
    if (isMainThread) (async () => {
      for (let k = 0; k < 24; k++) {
        const worker = new Worker(__filename);
        await new Promise((resolve) => worker.once("message", resolve));
        await new Promise((resolve) => setTimeout(resolve, k % 7));
        await worker.terminate();
      }
      console.log("alive");
    })();
    else (async () => {
      const { openDataset } = require(${JSON.stringify(root)});
      const dataset = await openDataset(${JSON.stringify(given.output)});
      parentPort.postMessage("reading");
      for (;;) for await (const _ of dataset.batches({ rows: 64, reuse: true }));
    })();`;
  const script = `${given.output}.cjs`;
  writeFileSync(script, code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  t.is(stdout, "alive\n", `${status} ${stderr}`);
});
