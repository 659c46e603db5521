// What a format has no room for is refused with ERR_OPTION and the way out, before anything is read:
// the sources of these jobs don't exist.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import { type PackDatasetOptions, packDataset } from "../../index.js";
import { abc, caught, folder, readPacks, writeArrow } from "../fixtures/dataset-files.js";
import { formats as every } from "../fixtures/formats.js";

const except = (...names: string[]) => every.filter((name) => !names.includes(name));
const unaligned = ["llamafactory"];
const unsharded = ["megatron", "npy", "seqpack"];
const whole = ["megatron", "seqpack"];

type Refusal = [what: string, formats: string[], Partial<PackDatasetOptions>, message: RegExp];

const refusals: Refusal[] = [
  ["compression", except("parquet"), { compression: "snappy" }, /'parquet'.*leave it out/],
  [
    "labels",
    whole,
    { columns: { labels: "l" } },
    /no labels and no loss mask; leave these columns out/,
  ],
  ["a loss mask", whole, { columns: { lossMask: "m" } }, /no labels and no loss mask; leave these/],
  [
    "carried columns",
    except("parquet", "arrow"),
    { columns: { carry: ["id"] } },
    /no room for carried columns; 'parquet' and 'arrow' have/,
  ],
  [
    "alignment",
    unaligned,
    { sequenceAlignment: 2 },
    /can't tell filler from tokens, so sequenceAlignment must be 1; 'parquet', 'hf', 'trl' and 'nemo' can/,
  ],
  [
    "splitting",
    whole,
    { overlong: "split" },
    /needs whole sequences: overlong must be 'error' or 'drop'/,
  ],
  [
    "truncating",
    whole,
    { overlong: "truncate" },
    /needs whole sequences: overlong must be 'error' or 'drop'/,
  ],
  ["a shard size", unsharded, { shardSize: 1 << 20 }, /isn't sharded; leave shardSize out/],
  ["a vocabulary", except("megatron"), { vocabSize: 100 }, /'megatron'.*leave it out/],
  ["lengths", except("seqpack"), { columns: { lengths: "n" } }, /'seqpack'.*leave it out/],
  ["ids", except("seqpack"), { columns: { ids: "n" } }, /'seqpack'.*leave it out/],
  [
    "no end of a document",
    ["megatron"],
    { eosTokenId: undefined },
    /needs eosTokenId: it ends each sequence and pads each pack/,
  ],
  [
    "another padding",
    ["megatron"],
    { padTokenId: 2 },
    /pads with eosTokenId; leave padTokenId out/,
  ],
  [
    "an end of sequences",
    ["seqpack"],
    { eosTokenId: 1 },
    /lengths and ids alone, for every epoch; leave eosTokenId and epoch out/,
  ],
  [
    "an epoch",
    ["seqpack"],
    { epoch: 1 },
    /lengths and ids alone, for every epoch; leave eosTokenId and/,
  ],
  [
    "shards of 4 GiB",
    ["mds"],
    { shardSize: 2 ** 32 },
    /below 4 GiB for format 'mds', whose offsets have/,
  ],
];

for (const [what, formats, options, message] of refusals) {
  test(`${what}: refused by ${formats.join(", ")}`, async (t) => {
    const output = join(folder(), "out");
    for (const format of formats) {
      const eos = format === "megatron" ? { eosTokenId: 1 } : {};
      const given = { input: "nowhere", output, format, capacity: 8, ...eos, ...options };
      const error = await caught(packDataset(given));
      t.is(error.code, "ERR_OPTION", `${format}: ${error.message}`);
      t.regex(error.message, message, format);
      t.false(existsSync(output));
    }
    // Refused is the option and not the rest: formats that have room for it get to the missing source.
    for (const format of except(...formats)) {
      const eos = format === "megatron" && !("eosTokenId" in options) ? { eosTokenId: 1 } : {};
      const given = { input: "nowhere", output, format, capacity: 8, ...eos, ...options };
      const { code, message } = await caught(packDataset(given));
      if (code !== "ERR_OPTION") t.is(code, "ERR_IO", `${format}: ${message}`);
      else
        t.true(
          refusals.some(([, others, , known]) => others.includes(format) && known.test(message)),
        );
    }
  });
}

test("seqpack is a plan, so strategies without one are refused", async (t) => {
  const given = { input: "nowhere", output: join(folder(), "out"), format: "seqpack", capacity: 8 };
  const error = await caught(packDataset({ ...given, strategy: "next-fit" }));
  t.is(error.code, "ERR_STRATEGY");
  t.regex(error.message, /next-fit has no plan/);
});

for (const format of ["nemo", "trl", "llamafactory"])
  test(`${format} takes weights of 0 and 1 and refuses others by value, with the way out`, async (t) => {
    const at = folder();
    const input = join(at, "s.arrow");
    const given = { input, output: join(at, "out"), format, capacity: 8 };
    const weights = { columns: { lossMask: "mask" } };
    const mask = (rows: number[][]) => ({ rows, type: new arrow.Float32() });
    const good = [
      [0, 1, 1],
      [1, 1],
      [1, 0, 0, 1],
    ];
    writeArrow(input, { input_ids: { rows: abc }, mask: mask(good) });
    await packDataset({ ...given, ...weights });
    writeArrow(input, {
      input_ids: { rows: abc },
      mask: mask([...good.slice(0, 2), [1, 0, 0.5, 1]]),
    });
    const error = await caught(packDataset({ ...given, ...weights, output: join(at, "again") }));
    t.is(error.code, "ERR_OPTION");
    t.regex(
      error.message,
      /mask of 0 and 1 and can't hold the weight 0\.5; name a column of integers/,
    );
    t.false(existsSync(join(at, "again")));
    await packDataset({ ...given, ...weights, format: "arrow", output: join(at, "else") });
    t.true(readPacks(join(at, "else")).some((row) => row.loss_weights!.includes(0.5)));
  });

test("llamafactory's rows are one place wider than the capacity, so the largest is refused", async (t) => {
  const at = folder();
  const input = join(at, "s.arrow");
  writeArrow(input, { input_ids: { rows: abc } });
  const given = { input, output: join(at, "out"), format: "llamafactory" };
  const error = await caught(packDataset({ ...given, capacity: 2 ** 31 - 1 }));
  t.is(error.code, "ERR_OPTION");
  t.regex(error.message, /capacity/);
  t.false(existsSync(given.output));
});
