// Inputs as people have them, through the library: options of sources and what is said of them.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { packDataset, readLengths, type StowageError, verifyDataset } from "../../index.js";
import {
  caught,
  folder,
  job,
  readManifest,
  readPacks,
  writeLines,
} from "../fixtures/dataset-files.js";

const line = (row: object): string => `${JSON.stringify(row)}\n`;

test("a folder of several splits needs one to be named, which the proof remembers", async (t) => {
  const at = folder();
  const input = join(at, "in");
  mkdirSync(input);
  writeLines(join(input, "train.jsonl"), [[1, 2]]);
  writeLines(join(input, "dev.jsonl"), [[3, 4, 5]]);
  const given = { input, output: join(at, "out"), format: "parquet", capacity: 8 } as const;
  const fault = await caught(packDataset(given));
  t.like(fault, { code: "ERR_OPTION" });
  t.regex(fault.message, /has the splits train, validation, .* set split to one of them/);
  t.false(existsSync(given.output));
  t.is((await packDataset({ ...given, split: "validation" })).tokensIn, 3);
  t.like(readManifest(given.output).source as object, { split: "validation" });
  await verifyDataset(given.output, { input });
  t.deepEqual([...(await readLengths(input, { split: "train" }))], [2]);
  t.is((await caught(readLengths(input))).code, "ERR_OPTION");
  for (const split of ["", 7]) {
    t.is((await caught(packDataset({ ...given, split: split as string }))).code, "ERR_OPTION");
  }
});

test("readLengths tells what it passed over to onWarning", async (t) => {
  const at = folder();
  writeFileSync(join(at, "a.jsonl.gz"), gzipSync('{"input_ids":[1,2]}\n'));
  writeFileSync(join(at, "config.json"), "{}");
  const warnings: string[] = [];
  const lengths = await readLengths(at, { onWarning: (text: string) => warnings.push(text) });
  t.deepEqual([...lengths], [2]);
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? "", /passed over beside the data.*config\.json/);
  const onWarning = "loud" as unknown as () => void;
  t.is((await caught(readLengths(at, { onWarning }))).code, "ERR_OPTION");
});

test("padding goes where its mask is named, and the proof knows that mask", async (t) => {
  const given = job([], { format: "arrow", capacity: 8 });
  const row = { input_ids: [5, 6, 7, 0, 0], attention_mask: [1, 1, 1, 0, 0] };
  writeFileSync(given.input as string, line(row) + line({ ...row, input_ids: [0, 0, 8, 9, 9] }));
  const fault = await caught(packDataset(given));
  t.like(fault, { code: "ERR_COLUMN", row: 0 });
  t.regex(fault.message, /columns\.attentionMask .* or columns\.ignore to \['attention_mask'\]/);
  const columns = { attentionMask: "attention_mask" };
  t.is((await packDataset({ ...given, columns })).tokensIn, 6);
  await verifyDataset(given.output, { input: given.input });
  const kept = { ...given, output: `${given.output}2`, columns: { ignore: ["attention_mask"] } };
  t.is((await packDataset(kept)).tokensIn, 10);
  await verifyDataset(kept.output, { input: given.input });
});

test("what says which tokens are trained on must be named or ignored", async (t) => {
  for (const name of ["labels", "assistant_masks", "completion_mask", "loss_mask"]) {
    const given = job([], { format: "parquet", capacity: 8 });
    writeFileSync(given.input as string, line({ input_ids: [1, 2, 3], [name]: [0, 0, 1] }));
    const fault = await caught(packDataset(given));
    t.like(fault, { code: "ERR_COLUMN" }, name);
    t.true(fault.message.includes(`columns.ignore to ['${name}']`), fault.message);
    // Lengths alone aren't asked.
    t.deepEqual([...(await readLengths(given.input))], [3]);
    await packDataset({ ...given, columns: { ignore: [name] } });
    await verifyDataset(given.output, { input: given.input });
  }
});

test("sequences without targets are counted and warned of, left out, or refused", async (t) => {
  const given = job([], { format: "trl", capacity: 8, overlong: "truncate" });
  const ids = Array.from({ length: 20 }, (_, k) => k + 1);
  const late = { input_ids: ids, labels: ids.map((id) => (id === 20 ? id : -100)) };
  writeFileSync(
    given.input as string,
    line(late) + line({ input_ids: [7, 8, 9], labels: [7, 8, 9] }),
  );
  const columns = { labels: "labels" };
  const source = { input: given.input, columns };
  const kept = await packDataset({ ...given, columns });
  t.like(kept, { sequencesWithoutTargets: 1, packsWithoutTargets: 1 });
  t.regex(kept.warnings.join(), /1 sequence and 1 pack have no target/);
  t.like(await verifyDataset(given.output, source), { sequencesWithoutTargets: 1 });
  const drop = { ...given, columns, withoutTargets: "drop", output: `${given.output}2` } as const;
  t.like(await packDataset(drop), { packCount: 1, tokensPacked: 3, tokensDropped: 20 });
  await verifyDataset(drop.output, source);
  await verifyDataset(drop.output);
  const error = { ...given, columns, withoutTargets: "error", output: `${given.output}3` } as const;
  t.like(await caught(packDataset(error)), { code: "ERR_COLUMN", row: 0, path: given.input });
  t.is((await caught(packDataset({ ...given, withoutTargets: "drop" }))).code, "ERR_OPTION");
});

test("weights in JSON lines are weights, as in other files", async (t) => {
  const given = job([], { format: "arrow", capacity: 8 });
  writeFileSync(given.input as string, line({ input_ids: [1, 2, 3], m: [0, 0.5, 1] }));
  const columns = { lossMask: "m" };
  await packDataset({ ...given, columns });
  t.deepEqual(
    readPacks(given.output).map((row) => row.loss_weights),
    [[0, 0.5, 1]],
  );
  await verifyDataset(given.output, { input: given.input, columns });
});

test("a packed data set is packed again only where that is said", async (t) => {
  const given = job([[1, 2, 3], [4]], { format: "parquet", capacity: 8 });
  await packDataset(given);
  const again = { ...given, input: given.output, output: `${given.output}2` };
  const fault: StowageError = await caught(packDataset(again));
  t.like(fault, { code: "ERR_OPTION" });
  t.regex(fault.message, /stowage packed.*set repack/);
  t.is((await packDataset({ ...again, repack: true })).sequenceCount, 1);
  t.like(readManifest(again.output).source as object, { repack: true });
  await verifyDataset(again.output, { input: again.input });
});
