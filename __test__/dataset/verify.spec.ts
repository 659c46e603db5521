// Every format proved by verifyDataset, alone and with its source: what is right must pass.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import fc from "fast-check";
import { type DatasetFormat, packDataset, verifyDataset } from "../../index.js";
import { caught, folder, job } from "../fixtures/dataset-files.js";
import { formats } from "../fixtures/formats.js";
import { runs } from "../fixtures/runs.js";

const end = 1;
const ends = (format: DatasetFormat) => (format === "megatron" ? { eosTokenId: end } : {});

test("what is packed is proved, alone and with its source, in every format", async (t) => {
  const lists = fc.array(fc.array(fc.integer({ min: 2, max: 90 }), { maxLength: 24 }), {
    maxLength: 40,
  });
  const property = fc.asyncProperty(
    lists,
    fc.record({
      capacity: fc.integer({ min: 8, max: 60 }),
      overlong: fc.constantFrom("drop", "split", "truncate", "truncate-start"),
      sequenceAlignment: fc.constantFrom(1, 4),
      padTokenId: fc.constantFrom(0, 3),
      strategy: fc.constantFrom("auto", "next-fit"),
      shardSize: fc.integer({ min: 200, max: 4000 }),
      maxSequencesPerPack: fc.integer({ min: 1, max: 5 }),
    } satisfies Record<string, unknown>),
    fc.boolean(),
    async (sequences, options, labelled) => {
      for (const format of formats) {
        const rows = format === "megatron" || format === "seqpack";
        const unaligned = format === "llamafactory" || format === "seqpack";
        const { shardSize, padTokenId, ...rest } = options;
        const given = job(sequences, {
          ...rest,
          ...{ format, empty: "drop", ...ends(format) },
          ...(format !== "megatron" && { padTokenId }),
          ...(unaligned && { sequenceAlignment: 1 }),
          // No sequence ends with it: in this format nothing else tells filler from tokens.
          ...(format === "trl" && options.sequenceAlignment > 1 && { padTokenId: 95 }),
          ...(rows && { overlong: "drop" }),
          ...(format === "seqpack" && { strategy: "auto" }),
          ...(!rows && format !== "npy" && { shardSize }),
        });
        const columns = labelled && !rows ? { labels: "labels", lossMask: "mask" } : undefined;
        if (columns) {
          const line = (ids: number[], k: number) =>
            JSON.stringify({
              input_ids: ids,
              labels: ids.map((id, n) => ((n + k) % 5 ? id + 1 : -100)),
              mask: ids.map((_, n) => Number((n + k) % 3 > 0)),
            });
          writeFileSync(given.input as string, sequences.map(line).join("\n"));
        }
        const report = await packDataset({ ...given, columns });
        const { packCount, fill, sequencesPerPack } = report;
        for (const more of [{ input: given.input, columns }, {}]) {
          const proved = await verifyDataset(given.output, more);
          t.deepEqual(
            [proved.packCount, proved.fill, proved.sequencesPerPack],
            [packCount, fill, sequencesPerPack],
            format,
          );
        }
        rmSync(join(given.output, ".."), { recursive: true });
      }
    },
  );
  await fc.assert(property, { numRuns: runs(12) });
});

test("the bundled data is proved in every format, on any number of threads", async (t) => {
  const input = join(import.meta.dirname, "../../examples/data/python-docs.jsonl");
  for (const format of formats) {
    const output = join(folder(), "out");
    const whole = format === "megatron" || format === "seqpack";
    const more = { overlong: whole ? "drop" : "split", ...ends(format) } as const;
    const report = await packDataset({ input, output, format, capacity: 2048, ...more });
    for (const threads of [1, 4]) {
      t.like(await verifyDataset(output, { input, threads }), { packCount: report.packCount });
      t.like(await verifyDataset(output, { threads }), { packCount: report.packCount });
    }
    rmSync(output, { recursive: true });
  }
});

test("seqpack's pools are proved against rows of the source, or the caller's own ids", async (t) => {
  const given = job([], { format: "seqpack", capacity: 20 });
  const lines = Array.from({ length: 30 }, (_, k) => ({ n: 1 + ((k * 7) % 20), id: 900 - k }));
  writeFileSync(given.input as string, lines.map((line) => JSON.stringify(line)).join("\n"));
  const lengths = { lengths: "n" };
  const rows = { ...given, columns: lengths };
  const { input, output } = given;
  await packDataset(rows);
  await verifyDataset(output);
  t.like(await verifyDataset(output, { input, columns: lengths }), { sequenceCount: 30 });
  const wrong = await caught(verifyDataset(output, { input, columns: { lengths: "id" } }));
  t.regex(
    wrong.message,
    /the sources have 30 sequences and \d+ tokens, the data set was made from/,
  );
  const table = new arrow.Table({
    n: arrow.vectorFromArray(
      lines.map(({ n }) => n),
      new arrow.Int32(),
    ),
    id: arrow.vectorFromArray(
      lines.map(({ id }) => id),
      new arrow.Int32(),
    ),
  });
  const path = join(output, "..", "ids.arrow");
  writeFileSync(path, arrow.tableToIPC(table, "file"));
  const columns = { lengths: "n", ids: "id" };
  const own = { ...given, input: path, output: `${output}-own`, columns };
  await packDataset(own);
  await verifyDataset(own.output);
  await verifyDataset(own.output, { input: path, columns });
  const unnamed = await caught(verifyDataset(own.output, { input: path, columns: lengths }));
  t.regex(unnamed.message, /its ids are those of a column: name it/);
});
