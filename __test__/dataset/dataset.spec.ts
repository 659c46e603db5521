import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import fc from "fast-check";
import {
  type PackDatasetOptions,
  packDataset,
  packSync,
  readLengths,
  verifyDataset,
} from "../../index.js";
import {
  abc,
  abcMask,
  caught,
  folder,
  job,
  readManifest,
  readPacks,
  writeArrow,
} from "../fixtures/dataset-files.js";

const sequencesOf = fc.array(fc.array(fc.nat(0x7fff_ffff), { minLength: 1, maxLength: 30 }), {
  maxLength: 80,
});

test("every sequence stands in one pack with its own tokens, whatever the format and threads", async (t) => {
  const property = fc.asyncProperty(
    sequencesOf,
    fc.record({
      capacity: fc.integer({ min: 30, max: 90 }),
      seed: fc.nat(9),
      shardSize: fc.integer({ min: 100, max: 2000 }),
    }),
    fc.constantFrom("auto", "first-fit", "next-fit", "worst-fit-decreasing"),
    async (sequences, options, strategy) => {
      const given = job(sequences, { ...options, strategy });
      const report = await packDataset({ ...given, threads: 1 });
      const rows = readPacks(given.output);
      t.is(rows.length, report.packCount);
      const seen = new Map<number, number[]>();
      for (const row of rows) {
        t.true(row.input_ids.length <= options.capacity);
        let at = 0;
        row.sequence_ids.forEach((id, k) => {
          t.false(seen.has(id));
          const end = at + row.seq_lengths[k]!;
          seen.set(id, row.input_ids.slice(at, end));
          at = end;
        });
        t.is(at, row.input_ids.length);
      }
      t.deepEqual(
        [...seen].sort((a, b) => a[0] - b[0]).map(([, ids]) => ids),
        sequences,
      );
      const lengths = sequences.map((ids) => ids.length);
      t.is(
        report.packCount,
        packSync(lengths, { ...options, strategy, shardSize: undefined } as never).packCount,
      );
      for (const format of ["arrow", "parquet"] as const) {
        const output = `${given.output}-${format}`;
        const again = await packDataset({ ...given, format, output, threads: 4 });
        const proved = await verifyDataset(output, { input: given.input });
        t.deepEqual([proved.packCount, proved.fill], [again.packCount, again.fill]);
      }
      for (const { path } of report.files)
        t.deepEqual(
          readFileSync(join(`${given.output}-arrow`, path)),
          readFileSync(join(given.output, path)),
        );
      rmSync(join(given.output, ".."), { recursive: true });
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

test("sources in Arrow files, streams, JSON lines and Parquet give the same lengths", async (t) => {
  const at = folder();
  const rows = [[1, 2, 3], null, [], [4]];
  const expected = Uint32Array.of(3, 0, 0, 1);
  for (const type of [
    new arrow.Uint8(),
    new arrow.Int16(),
    new arrow.Uint16(),
    new arrow.Int32(),
    new arrow.Uint32(),
  ]) {
    writeArrow(join(at, "a.arrow"), { input_ids: { rows, type } });
    writeArrow(join(at, "b.arrow"), { input_ids: { rows, type } }, "stream");
    t.deepEqual(await readLengths(join(at, "a.arrow")), expected);
    t.deepEqual(await readLengths(join(at, "b.arrow")), expected);
  }
  writeFileSync(
    join(at, "c.jsonl"),
    rows.map((ids) => `{"x":{"y":1},"input_ids":${JSON.stringify(ids)}}`).join("\n"),
  );
  t.deepEqual(await readLengths(join(at, "c.jsonl")), expected);
  // A packed Parquet data set is a source, too: its packs are sequences.
  const output = join(at, "d");
  await packDataset({
    input: join(at, "c.jsonl"),
    output,
    format: "parquet",
    capacity: 4,
    empty: "drop",
  });
  t.deepEqual(await readLengths(output), Uint32Array.of(4));
  t.deepEqual(
    await readLengths([join(at, "?.arrow"), join(at, "c.jsonl")]),
    Uint32Array.of(...expected, ...expected, ...expected),
  );
  writeFileSync(join(at, "e.jsonl"), '{"n":7}\n{"n":0}\n');
  t.deepEqual(await readLengths(join(at, "e.jsonl"), { column: "n" }), Uint32Array.of(7, 0));
});

test("labels and weights are those of the worked example: no first token is a target", async (t) => {
  const at = folder();
  const input = join(at, "s.arrow");
  writeArrow(input, {
    input_ids: { rows: abc },
    mask: { rows: abcMask, type: new arrow.Float32() },
    yes: {
      rows: [
        [0, 1, 1],
        [1, 1],
        [1, 1, 0, 1],
      ],
      type: new arrow.Int8(),
    },
    own: {
      rows: [
        [-100, 7, 8],
        [9, -100],
        [1, 2, 3, 4],
      ],
    },
  });
  const pack = async (columns: PackDatasetOptions["columns"]) => {
    const output = join(at, "out");
    const options = {
      input,
      output,
      columns,
      format: "arrow",
      capacity: 5,
      order: "plan",
      overwrite: true,
    } as const;
    await packDataset(options);
    await verifyDataset(output, { input, columns });
    return readPacks(output);
  };
  const plain = await pack(undefined);
  t.deepEqual(plain, [
    { input_ids: [31, 32, 33, 34], seq_lengths: [4], sequence_ids: [2] },
    { input_ids: [11, 12, 13, 21, 22], seq_lengths: [3, 2], sequence_ids: [0, 1] },
  ]);
  const weighted = await pack({ lossMask: "mask" });
  t.deepEqual(weighted[1]?.labels, [-100, 12, 13, -100, 22]);
  t.deepEqual(weighted[1]?.loss_weights, [0, 0.5, 0.25, 0, 2]);
  t.deepEqual(weighted[0]?.labels, [-100, 32, -100, 34]);
  t.deepEqual(weighted[0]?.loss_weights, [0, 1, 0, 1]);
  const masked = await pack({ lossMask: "yes", labels: "own" });
  t.deepEqual(Object.keys(masked[0]!), ["input_ids", "seq_lengths", "sequence_ids", "labels"]);
  t.deepEqual(masked[1]?.labels, [-100, 7, 8, -100, -100]);
  t.deepEqual(masked[0]?.labels, [-100, 2, -100, 4]);
});

test("the end-of-document id is appended where it is missing, and counts", async (t) => {
  const given = job([[5, 6], [7, 1], []], {
    eosTokenId: 1,
    empty: "drop",
    capacity: 3,
    order: "plan",
  });
  const report = await packDataset(given);
  t.is(report.tokensIn, 5);
  t.deepEqual(
    readPacks(given.output).map((row) => row.input_ids),
    [
      [5, 6, 1],
      [7, 1],
    ],
  );
  t.is(readManifest(given.output).padTokenId, 1);
  await verifyDataset(given.output, { input: given.input });
});

test("policies cut and drop as they say, and the ledger has every token", async (t) => {
  const long = Array.from({ length: 25 }, (_, k) => k);
  const split = job([long, [1, 2, 3, 4], []], {
    overlong: "split",
    empty: "drop",
    capacity: 10,
    order: "plan",
  });
  const report = await packDataset(split);
  t.deepEqual([report.tokensIn, report.tokensPacked, report.packCount], [29, 29, 3]);
  t.deepEqual(
    readPacks(split.output).map((row) => [row.sequence_ids, row.piece_starts, row.seq_lengths]),
    [
      [[0], [0], [10]],
      [[0], [10], [10]],
      [
        [0, 1],
        [20, 0],
        [5, 4],
      ],
    ],
  );
  const cut = { ...split, overlong: "truncate", output: `${split.output}2` } as const;
  t.like(await packDataset(cut), { tokensPacked: 14, tokensTruncated: 15, tokensDropped: 0 });
  const late = { ...split, overlong: "truncate-start", output: `${split.output}5` } as const;
  t.like(await packDataset(late), { tokensPacked: 14, tokensTruncated: 15, tokensDropped: 0 });
  const tails = readPacks(late.output).flatMap((row) => row.piece_starts as number[]);
  t.deepEqual(tails.sort(), [0, 15]);
  const drop = { ...split, overlong: "drop", output: `${split.output}3` } as const;
  t.like(await packDataset(drop), { tokensPacked: 4, tokensTruncated: 0, tokensDropped: 25 });
  for (const { output, input } of [split, cut, late, drop]) await verifyDataset(output, { input });
  const refused = await caught(
    packDataset({ ...split, overlong: "error", output: `${split.output}4` }),
  );
  t.like(refused, { code: "ERR_OVERLONG", index: 0, length: 25, capacity: 10 });
  const empty = await caught(packDataset({ ...split, empty: "error", output: `${split.output}4` }));
  t.like(empty, { code: "ERR_EMPTY_SEQUENCE", index: 2 });
  t.false(existsSync(`${split.output}4`));
});

test("aligned sequences are filled with the padding id, which is no target", async (t) => {
  const at = folder();
  writeArrow(join(at, "s.arrow"), { input_ids: { rows: abc }, labels: { rows: abc } });
  const options = {
    input: join(at, "s.arrow"),
    output: join(at, "out"),
    format: "arrow",
    capacity: 8,
    sequenceAlignment: 4,
    padTokenId: 9,
    columns: { labels: "labels" },
    order: "plan",
  } as const;
  await packDataset(options);
  const rows = readPacks(options.output);
  t.deepEqual(
    rows.map((row) => [row.seq_lengths, row.token_counts]),
    [
      [
        [4, 4],
        [4, 3],
      ],
      [[4], [2]],
    ],
  );
  t.deepEqual(rows[0]?.input_ids, [31, 32, 33, 34, 11, 12, 13, 9]);
  t.deepEqual(rows[0]?.labels, [-100, 32, 33, 34, -100, 12, 13, -100]);
  await verifyDataset(options.output, { input: options.input, columns: options.columns });
});

test("carried columns come along, one value per segment", async (t) => {
  const at = folder();
  const words = ["eins", "zwei", "drei"];
  const list = new arrow.List(new arrow.Field("item", new arrow.Int32(), true));
  const table = new arrow.Table({
    input_ids: arrow.vectorFromArray(abc, list),
    word: arrow.vectorFromArray(words, new arrow.Utf8()),
  });
  writeFileSync(join(at, "s.arrow"), arrow.tableToIPC(table, "file"));
  await packDataset({
    input: join(at, "s.arrow"),
    output: join(at, "out"),
    format: "arrow",
    capacity: 8,
    columns: { carry: ["word"] },
  });
  const read = arrow.tableFromIPC(readFileSync(join(at, "out", "data-00000-of-00001.arrow")));
  for (const row of read)
    t.deepEqual(
      Array.from(row!.word),
      Array.from(row!.sequence_ids as Iterable<bigint>, (id) => words[Number(id)]),
    );
});

test("an empty data set is one file with the schema and no rows", async (t) => {
  for (const format of ["parquet", "arrow"] as const) {
    const given = job([], { format });
    const report = await packDataset(given);
    t.like(report, { packCount: 0, efficiency: 0, lowerBound: 0, gap: 0 });
    t.is(report.files.length, 1);
    t.like(await verifyDataset(given.output, { input: given.input }), { packCount: 0 });
    t.deepEqual(await readLengths(given.output), new Uint32Array(0));
  }
});

test("shards begin where the next pack would pass the size, and are named when their number is known", async (t) => {
  const given = job(
    Array.from({ length: 10 }, (_, k) => [k, k, k]),
    { capacity: 3, shardSize: 80 },
  );
  const report = await packDataset(given); // a pack: 3 tokens, 1 length, 1 id of 8 bytes = 24
  t.deepEqual(
    report.files.map(({ path, rows }) => [path, rows]),
    [
      ["data-00000-of-00004.arrow", 3],
      ["data-00001-of-00004.arrow", 3],
      ["data-00002-of-00004.arrow", 3],
      ["data-00003-of-00004.arrow", 1],
    ],
  );
});

test("the manifest says what the data set is", async (t) => {
  const given = job(abc, { seed: 2n ** 60n, maxSequencesPerPack: 5 });
  const report = await packDataset(given);
  const text = readFileSync(join(given.output, "_stowage.json"), "utf8");
  const { files, seed, productVersion, digest, ...manifest } = readManifest(given.output);
  const xxh3 = /^xxh3-128:[0-9a-f]{32}$/;
  t.regex(digest as string, xxh3);
  t.true(text.endsWith(`  "digest": "${digest}"\n}\n`));
  const listed = files as { digest: string }[];
  for (const file of listed) t.regex(file.digest, xxh3);
  t.deepEqual(
    listed.map(({ digest: _, ...file }) => file),
    report.files as unknown[],
  );
  t.is(BigInt(seed as number), 2n ** 60n);
  t.is(typeof productVersion, "string");
  t.deepEqual(manifest, {
    ...{ formatVersion: 2, product: "stowage", format: "arrow", capacity: 8, packCount: 2 },
    ...{ sequenceCount: 3, tokensIn: 9, tokensPacked: 9, tokensTruncated: 0, tokensDropped: 0 },
    ...{ droppedCount: 0, lowerBound: 2, maxSequencesPerPack: 5, padTokenId: 0, eosTokenId: null },
    ...{ planId: report.planId, strategy: "auto", epoch: 0, order: "shuffled", overlong: "error" },
    ...{
      empty: "error",
      sequenceAlignment: 1,
      columns: ["input_ids", "seq_lengths", "sequence_ids"],
    },
    ...{ packCountMultipleOf: 1, packsAsked: null, labels: "none", described: [] },
    source: {
      ...{ attentionMask: null, ignore: [], split: null, repack: false, withoutTargets: "keep" },
      ...{ sequencesWithoutTargets: null, packsWithoutTargets: null, droppedWithoutTargets: null },
    },
    certificate: {
      ...{ kind: "L1", parameter: null, packWeight: 8 },
      weights: [
        [4, 4],
        [3, 3],
        [2, 2],
      ],
    },
  });
});

test("an existing output is refused, and replaced only if stowage wrote it or it is empty", async (t) => {
  const given = job(abc);
  await packDataset(given);
  const before = readFileSync(join(given.output, "_stowage.json"));
  t.like(await caught(packDataset({ ...given, capacity: 9 })), {
    code: "ERR_OUTPUT_EXISTS",
    path: given.output,
  });
  t.deepEqual(readFileSync(join(given.output, "_stowage.json")), before);
  await packDataset({ ...given, capacity: 9, overwrite: true });
  t.is(readManifest(given.output).capacity, 9);
  const foreign = `${given.output}-foreign`;
  mkdirSync(foreign);
  t.is((await caught(packDataset({ ...given, output: foreign }))).code, "ERR_OUTPUT_EXISTS");
  await packDataset({ ...given, output: foreign, overwrite: true });
  rmSync(join(foreign, "_stowage.json"));
  t.is(
    (await caught(packDataset({ ...given, output: foreign, overwrite: true }))).code,
    "ERR_OUTPUT_EXISTS",
  );
  t.true(existsSync(join(foreign, "data-00000-of-00001.arrow")));
  t.deepEqual(readdirSync(join(given.output, "..")).sort(), ["out", "out-foreign", "source.jsonl"]);
});

test("epochs pair ids and order packs anew, and every order has the same packs to give", async (t) => {
  const sequences = Array.from({ length: 60 }, (_, k) =>
    Array.from({ length: 3 + (k % 3) }, () => k),
  );
  const packsOf = async (more: Partial<PackDatasetOptions>): Promise<string[]> => {
    const given = job(sequences, { capacity: 12, seed: 5, ...more });
    await packDataset(given);
    await verifyDataset(given.output, { input: given.input });
    t.like(readManifest(given.output), { epoch: more.epoch ?? 0, order: more.order ?? "shuffled" });
    return readPacks(given.output).map((row) => row.sequence_ids.join());
  };
  const first = await packsOf({});
  t.deepEqual(await packsOf({}), first, "the same epoch again");
  const second = await packsOf({ epoch: 1 });
  t.notDeepEqual([...second].sort(), [...first].sort(), "another pairing");
  const inOrder = await packsOf({ order: "plan" });
  t.deepEqual([...inOrder].sort(), [...first].sort(), "another order of the same packs");
  t.notDeepEqual(inOrder, first);
  const balanced = await packsOf({
    order: "balanced",
    worldSize: 4,
    cost: { linear: 1, quadratic: 0 },
  });
  t.deepEqual([...balanced].sort(), [...first].sort());
});
