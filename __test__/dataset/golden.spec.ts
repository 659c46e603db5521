// Small data sets are exactly the bytes that the formats' specifications ask for. data/golden.txt has
// them with comments; interop/check_golden.py proves that file with the trainers' own writers.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import { type PackDatasetOptions, packDataset } from "../../index.js";
import { abc, abcMask, folder, writeArrow } from "../fixtures/dataset-files.js";

/** Files by their path in golden.txt; its first lines explain the notation. */
function golden(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let current = "";
  const text = readFileSync(join(import.meta.dirname, "../data/golden.txt"), "utf8");
  for (const line of text.split("\n")) {
    if (line.startsWith("file ")) {
      current = line.slice(5);
      files.set(current, Buffer.alloc(0));
      continue;
    }
    const parts = [files.get(current) ?? Buffer.alloc(0)];
    for (const [, words, count, equal, octets, comment] of line.matchAll(
      /`([^`]*)`|(\d+)\*([0-9a-f]{2})|([0-9a-f]+)|(#.*)/g,
    )) {
      if (comment !== undefined) break;
      if (words !== undefined) parts.push(Buffer.from(words));
      else parts.push(Buffer.from(octets ?? equal!.repeat(Number(count)), "hex"));
    }
    if (current !== "") files.set(current, Buffer.concat(parts));
  }
  return files;
}

const files = golden();
const at = folder();
const input = join(at, "source.arrow");
writeArrow(input, {
  input_ids: { rows: abc },
  mask: { rows: abcMask, type: new arrow.Float32() },
});

const weighted = { columns: { lossMask: "mask" } };
const ended = { eosTokenId: 1 };
const cases: [name: string, more: Partial<PackDatasetOptions>][] = [
  ["mds", { format: "mds", ...weighted }],
  ["npy", { format: "npy", ...weighted }],
  ["safetensors", { format: "safetensors", ...weighted }],
  ["megatron-int32", { format: "megatron", ...ended }],
  ["megatron-uint16", { format: "megatron", ...ended, vocabSize: 35 }],
];

for (const [name, more] of cases) {
  test(`a small data set of ${name} is the bytes that the format asks for`, async (t) => {
    const output = join(at, name);
    // Next-fit keeps the order of the source: A and B share a pack, C has one of its own.
    await packDataset({
      ...{ input, output, format: "", capacity: 8, strategy: "next-fit", order: "plan" },
      ...more,
    });
    const wanted = [...files].filter(([path]) => path.startsWith(`${name}/`));
    t.true(wanted.length > 0);
    for (const [path, bytes] of wanted) {
      const written = readFileSync(join(at, path));
      t.is(written.toString("latin1"), bytes.toString("latin1"), path);
    }
    if (name === "mds" || name === "npy" || name === "safetensors")
      t.is(readdirSync(output).length, wanted.length + 1, "nothing else but the manifest");
  });
}
