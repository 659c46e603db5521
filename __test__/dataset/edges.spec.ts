// Data sets at the edges, in every format: none, one, the shortest and the longest that fit.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import { type DatasetFormat, type PackDatasetOptions, packDataset } from "../../index.js";
import { caught, folder, job, readManifest, writeArrow } from "../fixtures/dataset-files.js";
import { npy, readIds } from "../fixtures/format-readers.js";
import { withRows as formats } from "../fixtures/formats.js";

const end = 1;

/** A row as the format has it: Megatron's end with the end-of-document id, some are padded. */
function rowOf(format: DatasetFormat, sequences: number[][], capacity: number): number[] {
  const megatron = format === "megatron";
  const ids = sequences.flatMap((sequence) => (megatron ? [...sequence, end] : sequence));
  const more = { hf: 0, safetensors: 0, megatron: 0, llamafactory: 1 }[format as string];
  const width = more === undefined ? ids.length : capacity + more;
  return [...ids, ...Array.from({ length: width - ids.length }, () => (megatron ? end : 0))];
}

const inOrder = { strategy: "next-fit", order: "plan" } as const;

async function pack(format: DatasetFormat, sequences: number[][], capacity: number) {
  const eos: Partial<PackDatasetOptions> = format === "megatron" ? { eosTokenId: end } : {};
  const given = job(sequences, { format, capacity, ...inOrder, ...eos });
  const report = await packDataset(given);
  return { report, output: given.output, rows: await readIds(given.output, format) };
}

for (const format of formats) {
  // Megatron's sequences are longer by the end-of-document id.
  const most = format === "megatron" ? 7 : 8;

  test(`${format}: a data set without sequences can be opened and has no rows`, async (t) => {
    const { report, rows, output } = await pack(format, [], 8);
    t.like(report, { packCount: 0, sequenceCount: 0, tokensIn: 0, efficiency: 0, gap: 0 });
    t.deepEqual(rows, []);
    t.is(readManifest(output).packCount, 0);
    const dropped = job([[], []], {
      format,
      empty: "drop",
      ...(format === "megatron" && { eosTokenId: 1 }),
    });
    t.is((await packDataset(dropped)).packCount, 0, "and so has one without sequences that count");
    t.deepEqual(await readIds(dropped.output, format), []);
  });

  test(`${format}: a data set of a single pack is one row`, async (t) => {
    const sequences = [
      [11, 12, 13],
      [21, 22],
    ];
    const { report, rows } = await pack(format, sequences, 8);
    t.is(report.packCount, 1);
    t.deepEqual(rows, [rowOf(format, sequences, 8)]);
  });

  test(`${format}: one-token sequences stand side by side`, async (t) => {
    const sequences = Array.from({ length: 9 }, (_, k) => [k + 2]);
    const { rows, report } = await pack(format, sequences, 4);
    const perPack = format === "megatron" ? 2 : 4;
    const packs = Array.from({ length: Math.ceil(9 / perPack) }, (_, k) =>
      rowOf(format, sequences.slice(k * perPack, (k + 1) * perPack), 4),
    );
    t.deepEqual(rows, packs);
    t.is(report.tokensPacked, format === "megatron" ? 18 : 9);
  });

  test(`${format}: sequences of exactly the capacity fill a pack each`, async (t) => {
    const sequences = [2, 3, 4].map((id) => Array.from({ length: most }, () => id));
    const { rows, report } = await pack(format, sequences, 8);
    t.deepEqual(
      rows,
      sequences.map((one) => rowOf(format, [one], 8)),
    ); // no room is left
    t.is(report.efficiency, 1);
    const longer = job(
      [
        [1, 2],
        [...sequences[0]!, 9],
      ],
      {
        ...{ format, capacity: 8, ...(format === "megatron" && { eosTokenId: 1 }) },
      },
    );
    t.like(await caught(packDataset(longer)), {
      code: "ERR_OVERLONG",
      index: 1,
      length: 9,
      capacity: 8,
    });
  });
}

test("seqpack: lengths at the edges are in its pools", async (t) => {
  const empty = job([], { format: "seqpack" });
  t.like(await packDataset(empty), { packCount: 0 });
  const read = (output: string, name: string) =>
    JSON.parse(readFileSync(join(output, name), "utf8"));
  t.deepEqual(read(empty.output, "templates.json"), []);
  t.deepEqual(read(empty.output, "counts.json"), {});
  t.false(readdirSync(empty.output).includes("pools"));
  const given = job([[1], Array(8).fill(2), [3], Array(8).fill(4)], { format: "seqpack" });
  t.like(await packDataset(given), { packCount: 3 });
  t.deepEqual(read(given.output, "counts.json"), { 1: 2, 8: 2 });
  t.deepEqual(read(given.output, "templates.json"), [
    [[8], 2],
    [[1, 1], 1],
  ]);
  t.deepEqual(npy(join(given.output, "pools", "1.npy")), [0, 2]);
  t.deepEqual(npy(join(given.output, "pools", "8.npy")), [1, 3]);
});

test("the empty data sets of datasets' folders have one file with the schema", async (t) => {
  for (const format of ["hf", "trl", "llamafactory"] as const) {
    const { output, report } = await pack(format, [], 8);
    t.is(report.files.length, 1);
    const table = arrow.tableFromIPC(readFileSync(join(output, report.files[0]!.path)));
    t.true(table.schema.names.includes("input_ids"));
    t.is(table.numRows, 0);
  }
  const { output } = await pack("mds", [], 8);
  t.deepEqual(JSON.parse(readFileSync(join(output, "index.json"), "utf8")), {
    version: 2,
    shards: [],
  });
});

test("Megatron's tokens have 16 bits if the source has or the vocabulary fits, else 32", async (t) => {
  const at = folder();
  const widthOf = async (name: string, type: arrow.DataType, more: Partial<PackDatasetOptions>) => {
    const input = join(at, `${name}.arrow`);
    writeArrow(input, { input_ids: { rows: [[2, 3], [4]], type } });
    const output = join(at, name);
    await packDataset({
      ...{ input, output, format: "megatron", capacity: 8, eosTokenId: 1 },
      ...more,
    });
    t.deepEqual((await readIds(output, "megatron"))[0]?.length, 8);
    return readFileSync(join(output, "packed_text_document.bin")).length / 8;
  };
  t.is(await widthOf("u8", new arrow.Uint8(), {}), 2);
  t.is(await widthOf("u16", new arrow.Uint16(), {}), 2);
  t.is(await widthOf("u16-far-end", new arrow.Uint16(), { eosTokenId: 65_536 }), 4);
  t.is(await widthOf("i32", new arrow.Int32(), {}), 4);
  t.is(await widthOf("i32-small", new arrow.Int32(), { vocabSize: 65_499 }), 2);
  t.is(await widthOf("i32-large", new arrow.Int32(), { vocabSize: 65_500 }), 4);
});

test("an id above 65,535 in Megatron's uint16 tokens is named with its sequence and the way out", async (t) => {
  const sequences = [
    [5, 6],
    [7, 65_535],
    [8, 9, 65_536, 70_000],
  ];
  const given = job(sequences, { format: "megatron", eosTokenId: 1, vocabSize: 32_000 });
  const error = await caught(packDataset(given));
  t.like(error, { code: "ERR_COLUMN", index: 2 });
  t.regex(error.message, /sequence 2 .*65536.*uint16.*vocabSize/s);
  t.regex(error.message, /leave vocabSize out/);
  t.throws(() => readdirSync(given.output), { code: "ENOENT" });
  const { vocabSize, ...wide } = given;
  await packDataset(wide);
  t.true((await readIds(given.output, "megatron")).flat().includes(70_000));
});
