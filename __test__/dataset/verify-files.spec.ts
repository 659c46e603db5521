// Files of packed data sets that are missing, cut, altered or at odds with each other: verifyDataset
// names them, and never crashes.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { type DatasetFormat, packDataset, StowageError, verifyDataset } from "../../index.js";
import { caught, job } from "../fixtures/dataset-files.js";
import { formats } from "../fixtures/formats.js";
import { restate } from "../fixtures/packed-rows.js";
import { runs } from "../fixtures/runs.js";

const sequences = Array.from({ length: 30 }, (_, s) =>
  Array.from({ length: 3 + ((s * 7) % 10) }, (_, k) => 100 + 20 * s + k),
);

async function packed(format: DatasetFormat) {
  const given = job(sequences, {
    ...{ format, capacity: 31, order: "plan" },
    ...(format === "megatron" && { eosTokenId: 1 }),
  });
  await packDataset(given);
  return { output: given.output, input: given.input };
}

const filesOf = (output: string): string[] =>
  readdirSync(output, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

for (const format of formats) {
  test(`${format}: a file that is missing or cut is named`, async (t) => {
    const { output, input } = await packed(format);
    for (const path of filesOf(output)) {
      const whole = readFileSync(path);
      rmSync(path);
      t.like(await caught(verifyDataset(output)), { code: "ERR_IO", path });
      for (const size of [0, 5, whole.length >> 1]) {
        writeFileSync(path, whole.subarray(0, size));
        const error = await caught(verifyDataset(output));
        t.like(error, { code: "ERR_FORMAT", path }, `${size}: ${error.message}`);
        if (path.endsWith("_stowage.json")) continue;
        const manifest = readFileSync(join(output, "_stowage.json"));
        restate(output); // the manifest agrees with the cut file
        const again = await caught(verifyDataset(output, { digests: false }));
        t.is(again.path, path, again.message);
        t.regex(again.code, /ERR_FORMAT|ERR_INVALID_PACKING/);
        writeFileSync(join(output, "_stowage.json"), manifest);
      }
      writeFileSync(path, whole);
    }
    await verifyDataset(output, { input });
  });

  test(`${format}: every bit that fell over is found, and nothing else fails without digests`, async (t) => {
    const { output, input } = await packed(format);
    const files = filesOf(output);
    const place = fc.record({
      file: fc.nat(files.length - 1),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bit: fc.nat(7),
    });
    let refused = 0;
    const property = fc.asyncProperty(place, async ({ file, at, bit }) => {
      const whole = readFileSync(files[file]!);
      const altered = Uint8Array.from(whole);
      altered[Math.floor(at * whole.length)]! ^= 1 << bit;
      writeFileSync(files[file]!, altered);
      for (const given of [{}, { input }]) {
        const error = await caught(verifyDataset(output, given));
        t.like(error, { code: "ERR_FORMAT", path: files[file] }, error.message);
      }
      try {
        await verifyDataset(output, { input, digests: false });
      } catch (error) {
        t.true(error instanceof StowageError, String(error));
        t.not((error as StowageError).code, "ERR_INTERNAL", String(error));
        refused += 1;
      }
      writeFileSync(files[file]!, whole);
    });
    const count = runs(60);
    await fc.assert(property, { numRuns: count });
    t.true(refused >= count / 3, `${refused} of ${count}`);
    t.log(`${count} bits found, ${refused} of them without digests`);
  });
}

type Json = { [key: string]: Json } & Json[];

/** Changes a JSON file. */
function edit(output: string, name: string, change: (value: Json) => unknown): string {
  const path = join(output, name);
  const value = JSON.parse(readFileSync(path, "utf8"));
  change(value);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** Changes the bytes of a file. */
function patch(output: string, name: string, change: (bytes: Buffer) => unknown): string {
  const path = join(output, name);
  const bytes = readFileSync(path);
  const changed = change(bytes);
  writeFileSync(path, Buffer.isBuffer(changed) ? changed : bytes);
  return path;
}

/** Replaces words in a file, most of them text. */
const words = (output: string, name: string, from: string, to: string): string =>
  patch(output, name, (bytes) => Buffer.from(bytes.toString("latin1").replace(from, to), "latin1"));

const document = "packed_text_document";
const tensors = "data-00000-of-00001.safetensors";

/** Format, what is done to a folder (gives the file that must be named), what is said. */
const cases: [DatasetFormat, (output: string) => string, RegExp, number?][] = [
  ["hf", (o) => edit(o, "state.json", (v) => delete v._format_type), /_format_type is missing/],
  ["trl", (o) => edit(o, "state.json", (v) => Object.assign(v, { _fingerprint: "no" })), /16 hex/],
  [
    "trl",
    (o) => words(o, "state.json", "data-00000-of-00001", "data-00000-of-00002"),
    /_data_files is .* where .*data-00000-of-00001.* is right/,
  ],
  ["hf", (o) => words(o, "dataset_info.json", '"Sequence"', '"List"'), /features is/],
  ["trl", (o) => words(o, "dataset_info.json", '"int32"', '"int64"'), /features is/],
  ["llamafactory", (o) => words(o, "dataset_dict.json", "train", "test"), /splits is \["test"\]/],
  [
    "nemo",
    (o) => edit(o, "pack_metadata.json", ([v]) => Object.assign(v!, { pack_size: 9 })),
    /pack_size is 9, where 31/,
  ],
  [
    "nemo",
    (o) => edit(o, "pack_metadata.json", ([v]) => Object.assign(v!, { dataset_max_seqlen: 9 })),
    /max_seqlen is 9, where 12/,
  ],
  [
    "mds",
    (o) => edit(o, "index.json", (v) => Object.assign(v.shards![0]!, { samples: 3 })),
    /what it says of shard.00000.mds/,
  ],
  [
    "mds",
    (o) => edit(o, "index.json", (v) => (v.shards as Json).pop()),
    /names 0 shards, the manifest 1/,
  ],
  [
    "mds",
    (o) => words(o, "shard.00000.mds", '"ndarray:int64"', '"ndarray:int32"'),
    /column_encodings is/,
  ],
  [
    "mds", // the offset of sample 1: the sample before it would end early
    (o) => patch(o, "shard.00000.mds", (b) => b.writeUInt32LE(b.readUInt32LE(8) - 4, 8)),
    /sample is cut off|bytes of .* aren't an array/,
    0,
  ],
  [
    "mds",
    (o) => patch(o, "shard.00000.mds", (b) => b.writeUInt32LE(9, 12)),
    /goes from byte \d+ to byte 9/,
    1,
  ],
  [
    "megatron",
    (o) => patch(o, `${document}.idx`, (b) => b.writeInt32LE(30, 38)),
    /length 1 is 30, not 31/,
    1,
  ],
  [
    "megatron",
    (o) => patch(o, `${document}.idx`, (b) => b.writeBigInt64LE(7n, b.length - 16)),
    /document \d+ is 7, not/,
  ],
  ["megatron", (o) => patch(o, `${document}.idx`, (b) => b.writeUInt8(5, 17)), /tokens of type 5/],
  ["npy", (o) => words(o, "input_ids.npy", "<i4", "<u4"), /input_ids is of '<u4', not '<i4'/],
  ["npy", (o) => words(o, "cu_seqlens.npy", "False", "True "), /isn't that of one dimension/],
  [
    "npy",
    (o) => words(o, "cu_seqlens.npy", "(31,)", "(30,)"),
    /says 30 values, the file has 248 bytes/,
  ],
  [
    "npy",
    (o) => patch(o, "sequence_ids.npy", (b) => b.subarray(0, b.length - 8)),
    /bytes; the manifest says/,
  ],
  [
    "safetensors",
    (o) => words(o, tensors, '"I64"', '"I32"'),
    /tensor sequence_ids: it is "I32", not I64/,
  ],
  ["safetensors", (o) => words(o, tensors, ",31]", ",30]"), /tensor input_ids: its shape/],
  ["safetensors", (o) => words(o, tensors, '"labels"', '"labelz"'), /the tensors are/],
  [
    "safetensors",
    (o) => words(o, tensors, '"capacity":"31"', '"capacity":"32"'),
    /capacity is "32"/,
  ],
  [
    "seqpack",
    (o) => edit(o, "counts.json", (v) => Object.assign(v, { 3: 99 })),
    /sequences with \d+ tokens; the manifest/,
  ],
  [
    "seqpack",
    (o) => edit(o, "templates.json", ([v]) => Object.assign(v!, { 1: 9 })),
    /need more sequences of it|stand in no template/,
    0,
  ],
  ["seqpack", (o) => edit(o, "templates.json", (v) => v.push(v[0]!)), /the template stands twice/],
  [
    "seqpack",
    (o) => edit(o, "templates.json", ([v]) => v![0]!.unshift(31 as never)),
    /takes \d+ tokens of capacity 31/,
    0,
  ],
  [
    "seqpack",
    (o) => edit(o, "templates.json", ([v]) => v![0]!.reverse()),
    /positive and falling/,
    0,
  ],
  ["seqpack", (o) => edit(o, "templates.json", (v) => v.pop()), /stand in no template/],
  [
    "seqpack",
    (o) => edit(o, "manifest.json", (v) => Object.assign(v, { n_bins: 3 })),
    /n_bins is 3, where/,
  ],
  [
    "seqpack", // the first id becomes the second: they don't rise
    (o) => patch(o, "pools/12.npy", (b) => b.copy(b, 128, 136, 144)),
    /ids must rise|in the sources/,
  ],
  [
    "seqpack",
    (o) => patch(o, "pools/12.npy", (b) => b.writeBigInt64LE(0n, 128)),
    /stands in two pools|in the sources/,
  ],
];

test("what stands beside the rows is proved, too", async (t) => {
  const whole = new Map<DatasetFormat, { output: string; input: string }>();
  for (const [format, change, message, row] of cases) {
    if (!whole.has(format)) whole.set(format, (await packed(format)) as never);
    const { output, input } = whole.get(format)!;
    const broken = `${output}-broken`;
    cpSync(output, broken, { recursive: true });
    const path = change(broken);
    if (!/the manifest says/.test(message.source)) restate(broken);
    for (const given of [{}, { input }]) {
      const error = await caught(verifyDataset(broken, { ...given, digests: false }));
      t.regex(error.message, message, format);
      t.regex(error.code, /^(ERR_FORMAT|ERR_INVALID_PACKING)$/, error.message);
      t.is(error.path, path, error.message);
      if (row !== undefined) t.is(error.row, row, error.message);
    }
    rmSync(broken, { recursive: true });
  }
});

test("a manifest that says something else is refused", async (t) => {
  const { output, input } = await packed("trl");
  const changes: [Record<string, unknown>, RegExp][] = [
    [{ format: "tfrecord" }, /'format' is 'tfrecord', which is unknown/],
    [
      { columns: ["input_ids"] },
      /the columns are input_ids, labels, seq_lengths; the manifest says input_ids/,
    ],
    [{ sequenceCount: 31 }, /30 sequences .* the manifest has 31|sources have 30 sequences/],
    [{ tokensPacked: 1 }, /the manifest says 1 packed/],
    [{ packCount: 2 }, /packs; the manifest says 2/],
    [{ lowerBound: 99 }, /at least 99 are needed/],
    [{ capacity: 20 }, /tokens in a pack of capacity 20/],
    [{ maxSequencesPerPack: 1 }, /1 is the most/],
    [{ sequenceCount: 2 ** 32 - 1 }, /manifest has 4294967295|sources have 30/],
    [{ sequenceCount: 2 ** 52 }, /'sequenceCount' is missing or wrong: 4503599627370496/],
    [{ certificate: null }, /'certificate' is missing or wrong/],
  ];
  const path = join(output, "_stowage.json");
  const before = readFileSync(path);
  for (const [more, message] of changes) {
    restate(output, more);
    for (const given of [{}, { input }]) {
      const error = await caught(verifyDataset(output, { ...given, digests: false }));
      t.regex(error.message, message);
    }
    writeFileSync(path, before);
  }
});

test("columns of the source must be named as they were to packDataset", async (t) => {
  const given = job([], { format: "hf", capacity: 16 });
  const line = (k: number) =>
    JSON.stringify({ input_ids: [5, k], labels: [5, 6], weights: [1, 0.5], id: 90 + k });
  writeFileSync(given.input as string, [1, 2, 3].map(line).join("\n"));
  await packDataset({ ...given, columns: { labels: "labels" } });
  const fault = await caught(verifyDataset(given.output, { input: given.input }));
  t.like(fault, { code: "ERR_INVALID_PACKING", row: 0 });
  t.regex(
    fault.message,
    /label 1 of .* is 6, not the token \d; name the source's columns of labels/,
  );
  await verifyDataset(given.output, { input: given.input, columns: { labels: "labels" } });
  const plain = { ...given, format: "npy", output: `${given.output}-npy` } as const;
  await packDataset({ ...plain, columns: { ignore: ["labels"] } });
  t.regex(
    (
      await caught(
        verifyDataset(plain.output, { input: given.input, columns: { labels: "labels" } }),
      )
    ).message,
    /it has no labels, though a column of labels or a loss mask is named/,
  );
  const megatron = {
    ...given,
    format: "megatron",
    output: `${given.output}-megatron`,
    eosTokenId: 1,
  } as const;
  await packDataset({ ...megatron, columns: { ignore: ["labels"] } });
  t.like(
    await caught(
      verifyDataset(megatron.output, { input: given.input, columns: { labels: "labels" } }),
    ),
    { code: "ERR_OPTION" },
  );
});
