// Rows of every format broken on purpose, one thing at a time: verifyDataset must name file and row.
import { cpSync, rmSync, writeFileSync } from "node:fs";
import test from "ava";
import {
  type DatasetFormat,
  type PackDatasetOptions,
  packDataset,
  verifyDataset,
} from "../../index.js";
import { caught, job } from "../fixtures/dataset-files.js";
import { withRows } from "../fixtures/formats.js";
import { openPacked } from "../fixtures/packed-rows.js";
import { faults, lengthsOf } from "../fixtures/row-faults.js";

/** 40 sequences of 3 to 12 ids, none twice, with labels: a pack has several, and room left. */
const sequences = Array.from({ length: 40 }, (_, s) =>
  Array.from({ length: 3 + ((s * 7) % 10) }, (_, k) => 100 + 20 * s + k),
);
/** A data set with labels where the format has them. */
async function packed(format: DatasetFormat, more: Partial<PackDatasetOptions> = {}) {
  const megatron = format === "megatron";
  const given = job(sequences, {
    ...{ format, strategy: "next-fit", capacity: 31, order: "plan" },
    ...(megatron && { eosTokenId: 1 }),
    ...more,
  });
  const columns = megatron ? { ignore: ["labels"] } : { labels: "labels" };
  const lines = sequences.map((ids) => JSON.stringify({ input_ids: ids, labels: ids }));
  writeFileSync(given.input as string, lines.join("\n"));
  await packDataset({ ...given, columns });
  return { output: given.output, source: { input: given.input, columns } };
}

for (const format of withRows) {
  test(`${format}: whatever is broken is named with its file and row`, async (t) => {
    const { output, source } = await packed(format);
    await verifyDataset(output, source);
    for (const [name, where, needs, change, message] of faults) {
      if (!where.includes(format)) continue;
      const broken = `${output}-broken`;
      cpSync(output, broken, { recursive: true });
      const rows = await openPacked(broken, format);
      const { row, column } = change(rows);
      await rows.save();
      for (const given of needs === "alone" ? [{}, source] : [source]) {
        const error = await caught(verifyDataset(broken, { ...given, digests: false }));
        t.is(error.code, "ERR_INVALID_PACKING", `${name}: ${error.message}`);
        t.regex(error.message, message, name);
        t.is(error.row, row, `${name}: ${error.message}`);
        // Where each array has a file, a joint that moved may show in another than the one changed.
        const shown = format === "npy" || format === "megatron" ? error.path : rows.path(column);
        t.is(error.path, shown, error.message);
        t.true(error.path!.startsWith(broken), error.message);
      }
      if (needs === "source")
        await t.notThrowsAsync(verifyDataset(broken, { digests: false }), `${name}, alone`);
      rmSync(broken, { recursive: true });
    }
  });
}

test("a piece of a split sequence that is missing is named by its sequence", async (t) => {
  const long = Array.from({ length: 13 }, (_, k) => k);
  const given = job([long, [20, 21, 22]], { capacity: 10, overlong: "split", order: "plan" });
  await packDataset(given);
  const packed = await openPacked(given.output, "arrow");
  const row = packed.rows.find((one) => one.get("piece_starts").includes(10))!;
  const number = row.get("piece_starts").indexOf(10);
  const at = lengthsOf(row)
    .slice(0, number)
    .reduce((a, b) => a + b, 0);
  (row.columns.input_ids as number[]).splice(at, 3);
  for (const column of ["seq_lengths", "sequence_ids", "piece_starts"])
    (row.columns[column] as number[]).splice(number, 1);
  await packed.save();
  const fault = await caught(verifyDataset(given.output, { input: given.input, digests: false }));
  t.regex(fault.message, /of the 13 tokens of sequence 0 only the first 10 stand in packs/);
  t.regex(
    (await caught(verifyDataset(given.output, { digests: false }))).message,
    /13 tokens stand in packs; the manifest/,
  );
});
