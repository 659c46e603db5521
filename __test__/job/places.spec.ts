// Places of more members than 32 bits can number, against the model of docs/epochs.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import { type PlanJSON, seedFrom } from "../../index.js";
import { countPartition, initJob, planJob } from "../../job.js";
import { jobOver, sources, stowage } from "../fixtures/jobs.js";
import { invert, permute } from "../models/permutation.js";

const capacity = 2 ** 20;
const [seed, epoch] = [9, 2];

test("the model's inverse is the way back, for every domain up to 300 and at the ends of large ones", (t) => {
  for (let n = 1n; n <= 300n; n++)
    for (let x = 0n; x < n; x += n < 40n ? 1n : 37n)
      t.is(invert(permute(x, n, 5n + n), n, 5n + n), x, `${x} of ${n}`);
  for (const n of [2n ** 32n + 7n, 2n ** 53n])
    for (const x of [0n, n / 3n, n - 1n]) t.is(invert(permute(x, n, 3n), n, 3n), x, `${x} of ${n}`);
});

test("members with ranks above 2^32 stand where the model's inverse says", async (t) => {
  const source = sources(2, 80, 1, () => 1);
  const { job, options } = jobOver(source, "wide", {
    ...{ mode: "shuffle", partitionSize: 1, capacity, seed, epoch },
  });
  await initJob(job, options);
  for (const partition of [0, 1]) await countPartition(job, partition);
  const earlier = 2 ** 32 + 12_345;
  saidToHold(join(job, "counts", "00000.arrow"), earlier);
  const { packs } = await planJob(job);
  t.is(packs, Math.ceil((earlier + 40) / capacity));
  const { status, stdout, stderr } = stowage(
    ["job", "assign", job, "--partition", "1", "--output", "-"],
    {},
  );
  t.is(status, 0, stderr);

  const plan = JSON.parse(readFileSync(join(job, "plan.json"), "utf8")) as PlanJSON;
  const members = BigInt(earlier + 40);
  const rows = arrow.tableFromIPC(stdout).toArray() as {
    id: bigint;
    pack: bigint;
    slot: number;
  }[];
  t.is(rows.length, 40);
  for (const { id, pack, slot } of rows) {
    t.true(id >= BigInt(earlier), "ids go on where the first partition ends");
    const place = invert(id, members, seedFrom(seed, epoch, 4, 1));
    const [ordinal, inPack] = standing(plan, place);
    t.is(invert(ordinal, BigInt(packs), seedFrom(seed, epoch, 5)), pack, `pack of ${id}`);
    t.is(BigInt(slot), inPack, `slot of ${id}`);
  }
});

/** Makes a partition's counts those of `count` sequences of one token. */
function saidToHold(path: string, count: number): void {
  const { metadata } = arrow.tableFromIPC(readFileSync(path)).schema;
  for (const key of ["sequences", "tokens", "packed"])
    metadata.set(`stowage.${key}`, String(count));
  const columns = {
    length: arrow.vectorFromArray([1], new arrow.Uint32()),
    count: arrow.vectorFromArray([BigInt(count)], new arrow.Uint64()),
  };
  const fields = Object.entries(columns).map(
    ([name, { type }]) => new arrow.Field(name, type, false),
  );
  const [batch] = new arrow.Table(columns).batches;
  const table = new arrow.Table([
    new arrow.RecordBatch(new arrow.Schema(fields, metadata), batch!.data),
  ]);
  writeFileSync(path, arrow.tableToIPC(table, "file"));
}

/** Pack in plan order, and place in it, of a slot of length 1. */
function standing(plan: PlanJSON, slot: bigint): [pack: bigint, place: bigint] {
  let [left, packs] = [slot, 0n];
  for (const [multiplicity, runs] of plan.templates) {
    const times = BigInt(runs[0]![1]);
    if (left < times * BigInt(multiplicity)) return [packs + left / times, left % times];
    left -= times * BigInt(multiplicity);
    packs += BigInt(multiplicity);
  }
  throw new Error(`slot ${slot} is in no pack`);
}
