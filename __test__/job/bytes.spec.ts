// One law: what many tasks make is what one machine makes, byte for byte, whatever the partitions.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packDataset, verifyDataset } from "../../index.js";
import { type InitJobOptions, initJob, runJob } from "../../job.js";
import { digestsOf, jobOver, sources } from "../fixtures/jobs.js";

const source = sources(7, 600, 60);
const formats = ["parquet", "arrow", "mds", "safetensors", "hf", "trl", "llamafactory", "nemo"];

/** The files as `count` partitions. */
async function partitionsOf(count: number): Promise<InitJobOptions["partitions"]> {
  const { statSync } = await import("node:fs");
  const size = Math.ceil(source.inputs.length / count);
  return Array.from({ length: count }, (_, p) => ({
    inputs: source.inputs
      .slice(p * size, (p + 1) * size)
      .map((path) => ({ path, bytes: statSync(path).size })),
  })).filter(({ inputs }) => inputs.length > 0);
}

const plain = { ignore: ["labels", "loss_mask"] };
const cases: Record<string, Partial<InitJobOptions>> = {
  plain: { columns: plain },
  aligned: { columns: plain, sequenceAlignment: 8, eosTokenId: 3, seed: 9, epoch: 2 },
  split: { columns: plain, capacity: 24, overlong: "split" },
  truncated: { columns: plain, capacity: 24, overlong: "truncate-start", order: "plan" },
  "with labels and weights": {
    columns: { labels: "labels", lossMask: "weights", ignore: ["loss_mask"] },
  },
  "with a mask, balanced": {
    columns: { lossMask: "loss_mask", ignore: ["labels"] },
    order: "balanced",
    worldSize: 4,
    packCountMultipleOf: 4,
  },
};

for (const format of formats) {
  test(`${format}: shuffle mode gives the bytes of pack`, async (t) => {
    for (const [name, more] of Object.entries(cases)) {
      // NeMo has a mask of its own, and no labels.
      if (format === "nemo" && more.columns?.labels !== undefined) continue;
      // LLaMA-Factory can't tell filler from tokens.
      if (format === "llamafactory" && more.sequenceAlignment !== undefined) continue;
      const options = { format, shardSize: 16_384, ...more };
      // These have a mask of 0 and 1, and no weights.
      if (name === "with labels and weights" && ["trl", "llamafactory"].includes(format))
        options.columns = { labels: "labels", lossMask: "loss_mask" };
      const one = jobOver(source, `${format}-${name}-one`, options);
      await packDataset(one.options as Parameters<typeof packDataset>[0]);
      for (const count of [1, 3, 7]) {
        const many = jobOver(source, `${format}-${name}-${count}`, options);
        const { input: _, ...rest } = many.options;
        await initJob(many.job, {
          ...rest,
          partitions: await partitionsOf(count),
          mode: "shuffle",
        });
        await runJob(many.job);
        t.deepEqual(digestsOf(many.output), digestsOf(one.output), `${name}, ${count} partitions`);
      }
    }
  });
}

for (const format of ["parquet", "arrow"]) {
  test(`${format}: carried columns come through the shuffle`, async (t) => {
    const columns = { ...plain, carry: ["note"] };
    const options = { format, shardSize: 16_384, columns };
    const one = jobOver(source, `${format}-carried-one`, options);
    await packDataset(one.options as Parameters<typeof packDataset>[0]);
    const many = jobOver(source, `${format}-carried-many`, { ...options, mode: "shuffle" });
    await initJob(many.job, { ...many.options, partitionSize: 1 });
    await runJob(many.job);
    t.deepEqual(digestsOf(many.output), digestsOf(one.output));
  });
}

test("_stowage.job.json tells of partitions, and of nothing that differs between two runs", async (t) => {
  const [first, second] = [jobOver(source, "told-1"), jobOver(source, "told-2")];
  for (const { job, options } of [first, second]) {
    await initJob(job, { ...options, partitionSize: 1, groupPacks: 20, maxLoss: 1 });
    await runJob(job);
  }
  const [one, two] = [first, second].map(
    ({ output }) =>
      JSON.parse(readFileSync(join(output, "_stowage.job.json"), "utf8")) as Record<
        string,
        unknown
      >,
  );
  t.is((one!.partitions as unknown[]).length, 7);
  t.deepEqual({ ...one, id: 0 }, { ...two, id: 0 });
  t.deepEqual(digestsOf(first.output), digestsOf(second.output));
});

test("what a job has written is proved by verifyDataset, with its source, in both modes", async (t) => {
  for (const mode of ["local", "shuffle"] as const) {
    const { job, output, options } = jobOver(source, `proved-${mode}`, {
      mode,
      maxLoss: 1,
      groupPacks: 20,
    });
    await initJob(job, { ...options, partitionSize: 1 });
    const { packs } = await runJob(job);
    const { columns } = options;
    const report = await verifyDataset(output, { input: source.inputs, columns });
    t.is(report.packCount, packs, mode);
  }
});
