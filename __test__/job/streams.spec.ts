// The end of a stream is no success: a writer takes the rows that the plan says, and nothing else.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import {
  assignPartition,
  countPartition,
  finalizeJob,
  initJob,
  jobStatus,
  planJob,
  runJob,
  writeShard,
} from "../../job.js";
import { caught } from "../fixtures/dataset-files.js";
import { digestsOf, filesOf, jobOver, sources, stowage } from "../fixtures/jobs.js";

const source = sources(2, 300, 60);
const { job, output, options } = jobOver(source, "streams", {
  mode: "shuffle",
  shardSize: 16_384,
  partitionSize: 1,
});

/** All rows of the job in the order of places, as a table. */
let rows: arrow.Table;
let shards: number[];

test.before(async () => {
  await initJob(job, options);
  for (const partition of [0, 1]) await countPartition(job, partition);
  await planJob(job);
  const tables = [0, 1].map((partition) => {
    const args = ["job", "assign", job, "--partition", String(partition), "--output", "-"];
    const { status, stdout, stderr } = stowage(args);
    if (status !== 0) throw new Error(stderr);
    return arrow.tableFromIPC(stdout);
  });
  const all = tables[0]!.concat(tables[1]!);
  const columns = ["shard", "pack", "slot"].map((name) => all.getChild(name)!);
  const keys = Array.from({ length: all.numRows }, (_, k) =>
    columns.map((column) => Number(column.get(k))),
  );
  const order = keys
    .map((_, k) => k)
    .sort((a, b) => {
      const [left, right] = [keys[a]!, keys[b]!];
      return left[0]! - right[0]! || left[1]! - right[1]! || left[2]! - right[2]!;
    });
  rows = pick(all, order);
  shards = order.map((k) => keys[k]![0]!);
});

/** The rows of a table with these numbers, in this order. */
function pick(table: arrow.Table, order: readonly number[]): arrow.Table {
  const vectors = table.schema.fields.map(({ name, type }) => {
    const column = table.getChild(name)!;
    return [
      name,
      arrow.vectorFromArray(
        order.map((k) => column.get(k)),
        type,
      ),
    ] as const;
  });
  return new arrow.Table(Object.fromEntries(vectors));
}

const bytesOf = (table: arrow.Table): Uint8Array => arrow.tableToIPC(table, "stream");

/** Numbers of the rows of a shard. */
const rowsOf = (shard: number): number[] =>
  shards.flatMap((each, k) => (each === shard ? [k] : []));

async function write(shard: number, order: readonly number[], cut = 0): Promise<unknown> {
  const path = join(source.at, `stream-${shard}.arrows`);
  const bytes = bytesOf(pick(rows, order));
  writeFileSync(path, cut === 0 ? bytes : bytes.subarray(0, bytes.length - cut));
  return writeShard(job, shard, { input: path });
}

test.serial(
  "a stream that ends early, repeats, skips, swaps or is another's is ERR_STREAM, and nothing appears",
  async (t) => {
    const own = rowsOf(1);
    const [first, second] = own as [number, number];
    const middle = own.length >> 1;
    const cases: Record<string, readonly number[]> = {
      "the last row missing": own.slice(0, -1),
      "the first row missing": own.slice(1),
      "a row missing in the middle": [...own.slice(0, middle), ...own.slice(middle + 1)],
      "no row at all": [],
      "a row doubled": [...own.slice(0, middle), own[middle]!, ...own.slice(middle)],
      "the last row doubled": [...own, own.at(-1)!],
      "two rows swapped": [second, first, ...own.slice(2)],
      "another shard's rows": rowsOf(0),
      "one row of the next shard after its own": [...own, rowsOf(2)[0]!],
    };
    for (const [name, order] of Object.entries(cases)) {
      const error = await caught(write(1, order));
      t.is(error.code, "ERR_STREAM", `${name}: ${error.message}`);
      t.deepEqual(
        filesOf(output).filter((each) => each.endsWith(".parquet")),
        [],
        name,
      );
      t.false(existsSync(join(job, "written", "00001.json")), name);
    }
  },
);

test.serial(
  "a stream that is cut off without its end is an error, and nothing appears",
  async (t) => {
    for (const cut of [1, 8, 200]) {
      const error = await caught(write(1, rowsOf(1), cut));
      t.true(["ERR_STREAM", "ERR_FORMAT"].includes(error.code), `${cut}: ${error.code}`);
      t.deepEqual(
        filesOf(output).filter((each) => each.endsWith(".parquet")),
        [],
      );
    }
  },
);

test.serial(
  "the right stream is taken, through a pipe and as a file, and what runs leave gives the same",
  async (t) => {
    const last = shards.at(-1)!;
    for (let shard = 0; shard <= last; shard++) {
      if (shard % 2 === 0) {
        await write(shard, rowsOf(shard));
        continue;
      }
      const input = Buffer.from(bytesOf(pick(rows, rowsOf(shard))));
      const { status, stdout, stderr } = stowage(
        ["job", "write", job, "--shard", String(shard), "--input", "-"],
        { input },
      );
      t.is(status, 0, stderr);
      t.is(stdout.length, 0, "nothing but a document goes to standard output");
    }
    const streamed = digestsOf(output);
    for (const partition of [0, 1]) await assignPartition(job, partition);
    await writeShard(job, [0, last]);
    t.deepEqual(digestsOf(output), streamed);
    const { files } = await finalizeJob(job);
    t.is(files.at(-1), "_stowage.json");
  },
);

test.serial("one shard comes out of standard output with its report on descriptor 3", async (t) => {
  const input = join(source.at, "piped.arrows");
  writeFileSync(input, bytesOf(pick(rows, rowsOf(0))));
  const { spawnSync } = await import("node:child_process");
  const main = join(import.meta.dirname, "../../dist/cli/main.js");
  const args = [main, "job", "write", job, "--shard", "0", "--input", input, "--output", "-"];
  const run = spawnSync(process.execPath, args, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
  t.is(run.status, 0, run.stderr.toString());
  const report = JSON.parse(run.output[3]!.toString()) as { path: string; bytes: number };
  t.is(run.stdout.length, report.bytes);
  t.deepEqual(run.stdout, readFileSync(join(output, report.path)));
  const closed = spawnSync(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  t.is(closed.status, 2);
  t.regex(closed.stderr.toString(), /3> report\.json/);
  t.is(closed.stdout.length, 0);
});

test.serial("the columns of the stream are known without rows", async (t) => {
  const { status, stdout, stderr } = stowage(["job", "assign", job, "--schema"]);
  t.is(status, 0, stderr);
  const table = arrow.tableFromIPC(stdout);
  t.is(table.numRows, 0);
  t.deepEqual(
    table.schema.fields.map(({ name }) => name),
    rows.schema.fields.map(({ name }) => name),
  );
  t.deepEqual(
    table.schema.fields.map(({ type }) => String(type)),
    rows.schema.fields.map(({ type }) => String(type)),
  );
});

test.serial("rows of a partition come through a pipe as from its files", async (t) => {
  const piped = jobOver(source, "piped", { mode: "shuffle", shardSize: 16_384, partitionSize: 1 });
  await initJob(piped.job, piped.options);
  for (const [partition, path] of source.inputs.entries()) {
    const table = arrow.tableFromIPC(readFileSync(path)).select(["input_ids"]);
    const input = Buffer.from(arrow.tableToIPC(table, "stream"));
    const args = ["job", "count", piped.job, "--partition", String(partition), "--input", "-"];
    const run = stowage(args, { input });
    t.is(run.status, 0, run.stderr);
  }
  await planJob(piped.job);
  for (const [partition, path] of source.inputs.entries()) {
    const table = arrow.tableFromIPC(readFileSync(path)).select(["input_ids"]);
    const input = Buffer.from(arrow.tableToIPC(table, "stream"));
    const run = stowage(
      ["job", "assign", piped.job, "--partition", String(partition), "--input", "-"],
      { input },
    );
    t.is(run.status, 0, run.stderr);
  }
  await writeShard(piped.job, [0, shards.at(-1)!]);
  await finalizeJob(piped.job);
  t.deepEqual(digestsOf(piped.output), digestsOf(output));
});

test.serial(
  "rows that went out as a stream count as assigned when all shards are written, and not before",
  async (t) => {
    const piped = jobOver(source, "streamed-status", {
      mode: "shuffle",
      shardSize: 16_384,
      partitionSize: 1,
    });
    const assigned = async (): Promise<string | undefined> =>
      (await jobStatus(piped.job)).steps.find(({ step }) => step === "assign")!.ranges;
    await initJob(piped.job, piped.options);
    for (const partition of [0, 1]) await countPartition(piped.job, partition);
    await planJob(piped.job);
    for (const partition of ["0", "1"]) {
      const args = ["job", "assign", piped.job, "--partition", partition, "--output", "-"];
      t.is(stowage(args).status, 0);
    }
    t.deepEqual(readdirSync(join(piped.job, "assign")).length, 2, "reports are there");
    t.is(await assigned(), "0-1", "no shard could be written from this folder");
    await assignPartition(piped.job, 0);
    t.is(await assigned(), "1");
    t.is((await jobStatus(piped.job)).next?.step, "assign");
    await runJob(piped.job);
    rmSync(join(piped.job, "runs"), { recursive: true });
    t.is(
      (await jobStatus(piped.job)).next,
      undefined,
      "rows of what is written may be thrown away",
    );
    const bytes = digestsOf(piped.output);
    const [lost] = readdirSync(join(piped.job, "written"));
    rmSync(join(piped.job, "written", lost!));
    t.is(await assigned(), "0-1", "and are needed for a shard that must be written again");
    await runJob(piped.job);
    t.deepEqual(digestsOf(piped.output), bytes);
  },
);
