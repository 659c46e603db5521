// The steps: in any order, repeated, twice at once, killed, forgotten. What comes out is the same, or an
// error that names what is wrong.

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
  assignPartition,
  countPartition,
  finalizeJob,
  initJob,
  jobStatus,
  planJob,
  runJob,
  verifyShard,
  writeGroup,
  writeShard,
} from "../../job.js";
import { caught } from "../fixtures/dataset-files.js";
import { digestsOf, filesOf, jobOver, sources } from "../fixtures/jobs.js";

const source = sources(6, 600, 60);
const small = { partitionSize: 1, shardSize: 16_384, groupPacks: 20, maxLoss: 1 };

/** Runs `step` for items 0 .. count - 1 backwards, each twice at once and then once more. */
async function anyhow(count: number, step: (item: number) => Promise<unknown>): Promise<void> {
  for (let item = count - 1; item >= 0; item--) {
    await Promise.all([step(item), step(item)]);
    await step(item);
  }
}

for (const mode of ["local", "shuffle"] as const) {
  test(`${mode}: steps in any order, repeated and twice at once, give the same bytes`, async (t) => {
    const reference = jobOver(source, `${mode}-reference`, { ...small, mode });
    await initJob(reference.job, reference.options);
    await runJob(reference.job);

    const { job, output, options } = jobOver(source, `${mode}-anyhow`, { ...small, mode });
    await Promise.all([initJob(job, options), initJob(job, options)]);
    t.false((await initJob(job, options)).created);
    await anyhow(6, (partition) => countPartition(job, partition));
    await Promise.all([planJob(job), planJob(job)]);
    const { shards, groups } = await planJob(job);
    if (mode === "local") await anyhow(groups, (group) => writeGroup(job, group));
    else {
      await anyhow(6, (partition) => assignPartition(job, partition));
      await anyhow(shards, (shard) => writeShard(job, shard));
    }
    await Promise.all([finalizeJob(job), finalizeJob(job)]);
    await finalizeJob(job);
    t.true(shards > 3);
    t.deepEqual(digestsOf(output), digestsOf(reference.output));
    for (let shard = 0; shard < shards; shard++) await verifyShard(job, shard);
    t.is((await jobStatus(job)).next, undefined);
  });

  test(`${mode}: a missing step is named as a range, and run mends it`, async (t) => {
    const { job, output, options } = jobOver(source, `${mode}-missing`, { ...small, mode });
    await initJob(job, options);
    await countPartition(job, 2);
    const uncounted = await caught(planJob(job));
    t.is(uncounted.code, "ERR_JOB_INCOMPLETE");
    t.regex(uncounted.message, /0-1,3-5/);
    const status = await jobStatus(job);
    t.like(status.next, { step: "count", done: 1, total: 6, ranges: "0-1,3-5" });
    t.is((await jobStatus(job, { perTask: 2 })).next!.ranges, "0-2");
    await runJob(job);
    const before = digestsOf(output);
    const [lost] = readdirSync(join(job, "written")).sort();
    rmSync(join(job, "written", lost!));
    rmSync(join(output, "_stowage.json"));
    const unwritten = await caught(finalizeJob(job));
    t.is(unwritten.code, "ERR_JOB_INCOMPLETE");
    t.regex(unwritten.message, /\b0\b/);
    t.false(existsSync(join(output, "_stowage.json")), "nothing says that it is complete");
    await runJob(job);
    t.deepEqual(digestsOf(output), before);
  });

  test(`${mode}: an input that is replaced after it was counted is ERR_INPUT_CHANGED`, async (t) => {
    const own = sources(3, 200, 60);
    const { job, output, options } = jobOver(own, `${mode}-replaced`, { ...small, mode });
    await initJob(job, options);
    for (const partition of [0, 1, 2]) await countPartition(job, partition);
    await planJob(job);
    // Of another size; and of the same size, with other lengths.
    const other = sources(3, 230, 60);
    copyFileSync(other.inputs[1]!, own.inputs[1]!);
    const errors = [];
    if (mode === "shuffle") errors.push(await caught(assignPartition(job, 1)));
    else {
      const { steps } = await jobStatus(job);
      const { total } = steps.find(({ step }) => step === "write")!;
      for (let group = 0; group < total!; group++)
        errors.push(await writeGroup(job, group).catch((error: unknown) => error));
    }
    const found = errors.find((error) => error instanceof Error) as unknown as {
      code: string;
      path: string;
    };
    t.is(found?.code, "ERR_INPUT_CHANGED");
    t.is(found.path, own.inputs[1]!);
    t.false(existsSync(join(output, "_stowage.json")));
  });
}

test("an input whose lengths change while its size stays is ERR_INPUT_CHANGED", async (t) => {
  const own = sources(1, 4, 3);
  const path = join(own.at, "lines.jsonl");
  writeFileSync(path, '{"input_ids":[1,2,3]}\n{"input_ids":[4]}\n');
  const { job, options } = jobOver({ at: own.at, inputs: [path] }, "same-size", {
    mode: "shuffle",
  });
  await initJob(job, options);
  await countPartition(job, 0);
  await planJob(job);
  writeFileSync(path, '{"input_ids":[1]}\n{"input_ids":[2,3,4]}\n');
  utimesSync(path, 0, 0);
  const error = await caught(assignPartition(job, 0));
  t.is(error.code, "ERR_INPUT_CHANGED");
});

test("another call in the same folder is ERR_JOB with both sides, and so is another version", async (t) => {
  const { job, options } = jobOver(source, "conflict", small);
  await initJob(job, options);
  const other = await caught(initJob(job, { ...options, capacity: 128 }));
  t.is(other.code, "ERR_JOB");
  t.regex(other.message, /`pack\.capacity` is 64 there and 128 in this call/);
  const fewer = await caught(initJob(job, { ...options, input: source.inputs.slice(1) }));
  t.is(fewer.code, "ERR_JOB");
  t.regex(fewer.message, /`partitions/);
  t.false(
    (await initJob(job, { ...options, strategy: "auto", seed: 0n, overlong: "error" })).created,
  );

  const path = join(job, "job.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/"productVersion":"[^"]*"/, '"productVersion":"0.0.1"'));
  for (const attempt of [countPartition(job, 0), planJob(job), finalizeJob(job), jobStatus(job)]) {
    const error = await caught(attempt);
    t.is(error.code, "ERR_JOB");
    t.regex(error.message, /0\.0\.1/);
  }
});

test("an output with anything in it, and folders in one another, are refused before anything is written", async (t) => {
  const { job, output, options } = jobOver(source, "full", small);
  filesOf(output);
  writeFileSync(join(output, "mine"), "");
  const full = await caught(initJob(job, options));
  t.is(full.code, "ERR_OUTPUT_EXISTS");
  t.is(full.path, output);
  const file = await caught(initJob(job, { ...options, output: join(output, "mine") }));
  t.is(file.code, "ERR_OUTPUT_EXISTS");
  for (const nested of [job, join(job, "below"), source.at])
    t.is((await caught(initJob(job, { ...options, output: nested }))).code, "ERR_OPTION");
  t.false(existsSync(job));
});

test("what a job can't do is refused by init, with what to do", async (t) => {
  const { job, options } = jobOver(source, "refused", small);
  for (const [more, code, message] of [
    [{ packCount: 100 }, "ERR_OPTION", /shuffle/],
    [{ objective: "maxLoad" }, "ERR_OPTION", /packDataset/],
    [{ overwrite: true }, "ERR_OPTION", /new folder/],
    [{ text: { tokenizer: "x" } }, "ERR_OPTION", /tokenize first/],
    [{ strategy: "next-fit" }, "ERR_STRATEGY", /next-fit.*use auto/],
    [{ strategy: "best-fit-decreasing", tolerance: 4 }, "ERR_OPTION", /tolerance/],
    [{ format: "npy", shardSize: undefined }, "ERR_OPTION", /parquet/],
    [{ format: "seqpack", shardSize: undefined }, "ERR_OPTION", /parquet/],
    [{ maxLoss: -1 }, "ERR_OPTION", /maxLoss/],
    [{ capacity: 0 }, "ERR_CAPACITY", /capacity/],
    [{ groupPack: 1 }, "ERR_OPTION", /did you mean 'groupPacks'/],
    [{ partitions: [] }, "ERR_OPTION", /partitions/],
  ] as const) {
    const error = await caught(initJob(job, { ...options, ...(more as object) }));
    t.is(error.code, code, JSON.stringify(more));
    t.regex(error.message, message);
  }
  t.false(existsSync(job));
});

test("sorted input is ERR_LOSS with both numbers and three ways out, each of which works", async (t) => {
  const sorted = sources(8, 800, 60, (sequence) => 1 + Math.floor((sequence * 60) / 800));
  const of = (name: string, more: object) =>
    jobOver(sorted, name, { ...small, maxLoss: 0.0001, ...more });
  const { job, output, options } = of("sorted", {});
  await initJob(job, options);
  for (let partition = 0; partition < 8; partition++) await countPartition(job, partition);
  const loss = await caught(planJob(job));
  t.is(loss.code, "ERR_LOSS");
  t.regex(loss.message, /\d+ packs/);
  t.regex(loss.message, /groupPacks/);
  t.regex(loss.message, /shuffle/);
  t.regex(loss.message, /maxLoss/);
  t.false(existsSync(join(job, "layout.json")));
  t.false(existsSync(output));
  for (const [name, more] of [
    ["wider", { groupPacks: 100_000 }],
    ["shuffled", { mode: "shuffle" }],
    ["allowed", { maxLoss: 1 }],
  ] as const) {
    const way = of(`sorted-${name}`, more);
    await initJob(way.job, way.options);
    await t.notThrowsAsync(runJob(way.job), name);
  }
});

test("groups are strided: input ordered by source passes", async (t) => {
  // Two sources of 16 partitions each, one after the other: groups of neighbours would hold one alone.
  const ordered = sources(32, 6400, 60, (sequence) =>
    sequence < 3200 ? 20 + (sequence % 7) : 40 + (sequence % 5),
  );
  const { job, options } = jobOver(ordered, "ordered", {
    ...small,
    groupPacks: 800,
    maxLoss: 0.02,
  });
  await initJob(job, options);
  for (let partition = 0; partition < 32; partition++) await countPartition(job, partition);
  const report = await planJob(job);
  t.true(report.groups > 1);
  t.true(report.loss.ratio <= 0.02);
  const layout = JSON.parse(readFileSync(join(job, "layout.json"), "utf8")) as {
    groups: { partitions: number[] }[];
  };
  for (const [g, { partitions }] of layout.groups.entries())
    t.true(partitions.every((partition) => partition % report.groups === g));
});

test("a refused sequence is named by plan with its index in the whole input", async (t) => {
  const own = sources(3, 90, 20, (sequence) => (sequence === 71 ? 65 : 5));
  const { job, options } = jobOver(own, "overlong", small);
  await initJob(job, options);
  for (const partition of [2, 0, 1]) await countPartition(job, partition);
  t.like(await caught(planJob(job)), { code: "ERR_OVERLONG", index: 71 });
});

test("a report, a size or a byte that contradicts is ERR_JOB", async (t) => {
  const { job, output, options } = jobOver(source, "contradiction", { ...small, mode: "shuffle" });
  await initJob(job, options);
  await runJob(job);
  const [name] = readdirSync(join(job, "written")).sort();
  const path = join(job, "written", name!);
  const text = readFileSync(path, "utf8");
  for (const [from, to] of [
    [/"rows":\d+/, '"rows":1'],
    [/"tokens":\d+/, '"tokens":1'],
    [/"segments":\d+/, '"segments":1'],
    [/"digest":"[0-9a-f]{4}/, '"digest":"0000'],
    [/"bytes":\d+/, '"bytes":12'],
  ] as const) {
    writeFileSync(path, text.replace(from, to));
    t.is((await caught(finalizeJob(job))).code, "ERR_JOB", String(from));
  }
  // Another attempt has other bytes than the report that is there.
  writeFileSync(path, text.replace(/"sha256":"[0-9a-f]{4}/, '"sha256":"0000'));
  const repeated = await caught(writeShard(job, 0));
  t.is(repeated.code, "ERR_JOB");
  writeFileSync(path, text);
  await finalizeJob(job);

  const shard = join(output, (JSON.parse(text) as { path: string }).path);
  const bytes = readFileSync(shard);
  const middle = bytes.length >> 1;
  bytes[middle] = bytes[middle]! ^ 1;
  writeFileSync(shard, bytes);
  await t.notThrowsAsync(finalizeJob(job), "sizes alone can't tell");
  t.is((await caught(finalizeJob(job, { rehash: true }))).code, "ERR_JOB");
  t.is((await caught(verifyShard(job, 0))).code, "ERR_INVALID_PACKING");
  writeFileSync(shard, bytes.subarray(0, middle));
  t.is((await caught(finalizeJob(job))).code, "ERR_JOB");
});

test("sizes of a store stand for files that aren't here, and index files go where they are asked for", async (t) => {
  const here = jobOver(source, "store-here", { ...small, mode: "shuffle", format: "mds" });
  await initJob(here.job, here.options);
  await runJob(here.job);
  const whole = digestsOf(here.output);
  const sizes: Record<string, number> = {};
  for (const name of Object.keys(whole).filter((each) => each.endsWith(".mds")))
    sizes[name] = readFileSync(join(here.output, name)).length;
  const output = join(source.at, "store-last");
  const { files } = await finalizeJob(here.job, { output, sizes });
  t.is(files.at(-1), "_stowage.json");
  t.deepEqual(Object.keys(digestsOf(output)).sort(), ["_stowage.json", "index.json"]);
  for (const [name, digest] of Object.entries(digestsOf(output))) t.is(digest, whole[name]!);
  const [first] = Object.keys(sizes);
  const wrong = { ...sizes, [first!]: 1 };
  t.is((await caught(finalizeJob(here.job, { output, sizes: wrong }))).code, "ERR_JOB");
  const { [first!]: _, ...fewer } = sizes;
  t.true(
    ["ERR_JOB", "ERR_JOB_INCOMPLETE"].includes(
      (await caught(finalizeJob(here.job, { output, sizes: fewer }))).code,
    ),
  );
});

test("a writer that is killed leaves nothing under the final name, and its repeat writes it", async (t) => {
  const { job, output, options } = jobOver(source, "killed", { ...small, mode: "shuffle" });
  await initJob(job, options);
  for (let partition = 0; partition < 6; partition++) await countPartition(job, partition);
  await planJob(job);
  const assigned = spawn(
    process.execPath,
    [
      join(import.meta.dirname, "../../dist/cli/main.js"),
      "job",
      "assign",
      job,
      "--partition",
      "0",
      "--output",
      "-",
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const writer = spawn(
    process.execPath,
    [
      join(import.meta.dirname, "../../dist/cli/main.js"),
      "job",
      "write",
      job,
      "--shard",
      "0",
      "--input",
      "-",
    ],
    { stdio: ["pipe", "ignore", "ignore"] },
  );
  // The stream stays open: the writer has read something and waits for more.
  const chunk = (await once(assigned.stdout, "data"))[0] as Buffer;
  writer.stdin.on("error", () => undefined);
  writer.stdin.write(chunk.subarray(0, 512));
  await new Promise((resolve) => setTimeout(resolve, 500));
  writer.kill("SIGKILL");
  await once(writer, "close");
  assigned.kill("SIGKILL");
  t.deepEqual(
    filesOf(output).filter((name) => name.endsWith(".parquet")),
    [],
  );
  await runJob(job);
  t.is((await jobStatus(job)).next, undefined);
});

test("a job that is aborted stops, and goes on from where it was", async (t) => {
  const { job, output, options } = jobOver(source, "aborted", { ...small, mode: "shuffle" });
  await initJob(job, options);
  const stop = new AbortController();
  const reason = new Error("enough");
  const seen: string[] = [];
  const error = await caught(
    runJob(job, {
      signal: stop.signal,
      onProgress: ({ step }) => {
        seen.push(step);
        if (step === "assign") stop.abort(reason);
      },
    }),
  );
  t.is(error as Error, reason);
  t.true(seen.includes("count"));
  t.false(existsSync(join(output, "_stowage.json")));
  const { files } = await runJob(job);
  t.is(files.at(-1), "_stowage.json");
});
