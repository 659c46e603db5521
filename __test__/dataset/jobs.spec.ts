import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import { type Progress, packDataset } from "../../index.js";
import { caught, folder, writeManyTokens } from "../fixtures/dataset-files.js";

/** Ids that say where they stood, too large for cells of 2 bytes: 140 MB, more than stay in memory. */
const firstId = 65_536;
const manyIds = Int32Array.from({ length: 35_000 * 1000 }, (_, k) => firstId + k);

test.serial("an abort rejects with its reason when nothing is left", async (t) => {
  const at = folder();
  writeManyTokens(join(at, "s.arrow"), 35_000, 1000, manyIds);
  const options = {
    input: join(at, "s.arrow"),
    output: join(at, "out"),
    format: "parquet",
    capacity: 2048,
  } as const;
  const reason = new Error("enough");
  const refused = packDataset({ ...options, signal: AbortSignal.abort(reason) });
  t.is((await caught(refused)) as Error, reason);
  for (const stage of ["read", "write"]) {
    const controller = new AbortController();
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): void => {
      seen.push(progress);
      if (progress.stage !== stage && !(stage === "read" && seen.length > 1)) return;
      controller.abort(reason);
    };
    const error = await caught(packDataset({ ...options, signal: controller.signal, onProgress }));
    t.is(error as Error, reason);
    t.deepEqual(readdirSync(at), ["s.arrow"]);
  }
});

test.serial("progress names its stages in order and ends at the total", async (t) => {
  const at = folder();
  writeManyTokens(join(at, "s.arrow"), 50_000, 200);
  const seen: Progress[] = [];
  await packDataset({
    input: join(at, "s.arrow"),
    output: join(at, "out"),
    format: "arrow",
    capacity: 2048,
    onProgress: (p) => seen.push(p),
  });
  const order = ["read", "count", "plan", "bind", "write"];
  const stages = seen.map(({ stage }) => order.indexOf(stage));
  t.deepEqual(stages, [...stages].sort());
  const end = seen.at(-1)!;
  t.deepEqual([end.stage, end.done], ["write", end.total]);
  // 5,000 packs of 10 sequences of 200: 4 bytes a token, 12 a sequence.
  t.is(end.total, 50_000 * 200 * 4 + 50_000 * 12);
});

test.serial("a killed job leaves nothing under the output's name", async (t) => {
  const at = folder();
  writeManyTokens(join(at, "s.arrow"), 200_000, 200);
  const options = {
    input: join(at, "s.arrow"),
    output: join(at, "out"),
    format: "parquet",
    capacity: 2048,
  };
  const script = `require(${JSON.stringify(resolve("index.js"))}).packDataset(${JSON.stringify(options)})`;
  for (const wait of [0, 60, 150]) {
    const child = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
    const over = new Promise((done) => child.once("exit", done));
    while (!readdirSync(at).some((name) => name.startsWith(".out.stowage-")))
      await new Promise((done) => setTimeout(done, 2));
    await new Promise((done) => setTimeout(done, wait));
    child.kill("SIGKILL");
    await over;
    t.false(existsSync(options.output));
    for (const name of readdirSync(at))
      if (name.startsWith(".out")) rmSync(join(at, name), { recursive: true });
  }
  const report = await packDataset({ ...options, format: "parquet" });
  t.is(report.sequenceCount, 200_000);
});

test.serial("tokens beyond those that stay in memory come from a temporary file", async (t) => {
  const at = folder();
  const output = join(at, "out");
  writeManyTokens(join(at, "s.arrow"), 35_000, 1000, manyIds);
  const options = { format: "arrow", capacity: 2048, order: "shuffled" } as const;
  const report = await packDataset({ input: join(at, "s.arrow"), output, ...options });
  t.true(report.spilledBytes > 0 && report.spilledBytes < manyIds.byteLength);
  t.deepEqual(readdirSync(at).sort(), ["out", "s.arrow"]);
  const found = new Set<number>();
  for (const { path } of report.files)
    for (const batch of arrow.tableFromIPC(readFileSync(join(output, path))).batches) {
      const ids: Int32Array = batch.getChild("input_ids")!.data[0]!.children[0]!.values;
      for (let start = 0; start < ids.length; start += 1000) {
        const first = ids[start]!;
        const wrong = ids.subarray(start, start + 1000).findIndex((id, k) => id !== first + k);
        if (wrong !== -1 || (first - firstId) % 1000 !== 0) t.fail(`token ${wrong} after ${first}`);
        found.add(first);
      }
    }
  t.is(found.size, 35_000);
});

test.serial("a full disk is ERR_IO, and nothing is left on it", async (t) => {
  const disk = folder();
  const mounted =
    process.platform === "linux" &&
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk]).status === 0;
  if (!mounted) {
    t.pass("no small disk can be mounted here");
    return;
  }
  try {
    const at = folder();
    writeManyTokens(join(at, "s.arrow"), 35_000, 1000, manyIds); // 6 MB go to the temporary file
    writeManyTokens(join(at, "t.arrow"), 10_000, 200); // none do, and 8 MB to the output
    for (const name of ["s.arrow", "t.arrow"])
      for (const format of ["arrow", "parquet"] as const) {
        const options = {
          input: join(at, name),
          output: join(disk, "out"),
          format,
          capacity: 2048,
          ...(format === "parquet" && { compression: "none" as const }),
        };
        const error = await caught(packDataset(options));
        t.is(error.code, "ERR_IO", error.message);
        t.regex(error.message, /space/i);
        t.deepEqual(readdirSync(disk), []);
      }
  } finally {
    spawnSync("umount", [disk]);
  }
});
