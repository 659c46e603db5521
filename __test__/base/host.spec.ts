// What the host process lives through: panics, missing binaries, caged memory, dying workers.
import { execFileSync, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import test, { type ExecutionContext } from "ava";
import { fromNative } from "../../dist/base/errors.js";
import * as stowage from "../../index.js";

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, "../..");
const native = require("../../native.js") as typeof import("../../native.js");

test("require and import give the same functions", (t) => {
  const required = require("../../index.js") as typeof stowage;
  t.is(required.pack, stowage.pack);
  t.is(required.Packing, stowage.Packing);
  for (const name of ["StowageError", "packSync", "planSync", "Plan", "seedFrom", "version"])
    t.true(name in stowage, name);
});

const engineOptions = {
  capacity: 8,
  strategy: stowage.strategies().findIndex(({ name }) => name === "best-fit-decreasing"),
  sequenceAlignment: 1,
  packCountMultipleOf: 1,
  overlong: 0,
  maxSequencesPerPack: null,
  packCount: null,
  loads: null,
  empty: 0,
  seedHigh: 0,
  seedLow: 0,
  tolerance: 1,
  harmonicClasses: 10,
  effort: 1,
};

test("a panic becomes an internal error and the process goes on", async (t) => {
  const none = new Uint32Array(0); // arrays too short break the private contract, as a bug would
  const prepared = native.prepare(Uint32Array.of(1), engineOptions, 1);
  const sync = t.throws(() => prepared.bindInto(none, none, none, none, none, none, 1));
  const owned = await native.prepareAsync(
    Uint32Array.of(1),
    engineOptions,
    1,
    new native.JobControl(),
  );
  const job = owned.bindIntoAsync(none, none, none, none, none, 1, new native.JobControl());
  for (const error of [sync, await t.throwsAsync(job)]) {
    t.like(fromNative(error), { code: "ERR_INTERNAL", cause: error });
    t.regex(error.message, /one offset per pack/);
  }
  t.deepEqual(stowage.packSync([1, 2], { capacity: 8 }).toArrays(), [[1, 0]]);
});

test("a missing binary is explained with its causes and the line to type", (t) => {
  const env = {
    ...process.env,
    NAPI_RS_NATIVE_LIBRARY_PATH: "/nowhere.node",
    NAPI_RS_FORCE_WASI: "",
  };
  const code = `try { require(${JSON.stringify(root)}) } catch (e) { console.log(e.name, e.code + "\\n" + e.message) }`;
  const out = execFileSync(process.execPath, ["-e", code], {
    env,
    encoding: "utf8",
    cwd: tmpdir(),
  });
  t.regex(out, /^StowageError ERR_LOAD\nstowage could not load its binary for /);
  t.regex(out, /npm install --os=\S+ --cpu=\S+.* stowage/);
  t.regex(out, /nowhere\.node/);
});

/** A test of what only Linux has: /proc, prlimit, LD_PRELOAD. */
const onLinux = (title: string, law: (t: ExecutionContext) => void): void => {
  if (process.platform === "linux") test(title, law);
};

onLinux("memory that the system refuses is ERR_MEMORY, and the process lives", (t) => {
  // Half a gigabyte of address space besides what Node took at its start.
  const code = `const s = require(${JSON.stringify(root)});
    const { readFileSync } = require("node:fs");
    const lengths = new Uint32Array(40_000_000).fill(7);
    s.packSync([5], { capacity: 8 });
    const used = Number(readFileSync("/proc/self/statm", "utf8").split(" ")[0]) * 4096;
    require("node:child_process").execFileSync("prlimit", ["--pid", String(process.pid), "--as=" + (used + 100_000_000)]);
    let caught;
    try { s.packSync(lengths, { capacity: 64 }) } catch (error) { caught = error }
    console.log(caught?.code, /\\d+ bytes/.test(caught?.message));
    console.log(s.packSync([5], { capacity: 8 }).packCount);`;
  const run = spawnSync(process.execPath, ["-e", code], { encoding: "utf8" });
  t.is(run.stdout, "ERR_MEMORY true\n1\n", run.stderr);
});

onLinux("all works where external buffers are forbidden, because none is ever asked for", (t) => {
  const shim = join(tmpdir(), `no-external-${process.pid}.so`);
  const source = join(root, "__test__/base/no_external.c");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"]);
  const code = `const s = require(${JSON.stringify(root)}); (async () => {
    const lengths = Uint32Array.from([5, 3, 5, 7, 25]);
    const options = { capacity: 10, overlong: "split" };
    const histogram = s.LengthHistogram.from(lengths);
    const plan = await s.plan(histogram, options);
    plan.verify(histogram);
    const packing = await s.pack(lengths, options);
    packing.shuffled(1).verify(lengths);
    console.log(packing.packCount, s.packSync(lengths, options).packCount, plan.assign(lengths).packCount, [...histogram].length, [...plan.templates()].length, plan.certificate.kind, packing.stats().packCount);
    const { Binary, Field, Int32, List, Table, vectorFromArray } = require(${JSON.stringify(join(root, "node_modules/apache-arrow"))});
    const input_ids = vectorFromArray([[1, 2], [3]], new List(new Field("item", new Int32(), true)));
    const bytes = vectorFromArray([Uint8Array.of(7), Uint8Array.of(8, 9)], new Binary());
    const output = require("node:fs").mkdtempSync(require("node:path").join(require("node:os").tmpdir(), "stowage-host-")) + "/out";
    await s.packDataset({ input: new Table({ input_ids, bytes }), output, format: "arrow", capacity: 8, columns: { carry: ["bytes"] } });
    const dataset = await s.openDataset(output);
    for await (const { inputIds, carried } of dataset.packs()) console.log(inputIds.join(), carried.bytes.map((each) => [...each].join()).join(";"));
    for await (const { inputIds } of dataset.batches({ rows: 4096, width: 4096 })) console.log(inputIds.length);
  })()`;
  const env = { ...process.env, LD_PRELOAD: shim };
  const run = spawnSync(process.execPath, ["-e", code], { env, encoding: "utf8" });
  t.is(run.stdout, "5 5 5 4 4 L1 5\n1,2,3 7;8,9\n4096\n", run.stderr);
  t.regex(run.stderr, /external buffers asked for: 0 \(watching [1-9]/);
});

test("200 workers die in the middle of a job and nothing crashes", async (t) => {
  const code = `const { pack, plan, LengthHistogram } = require(${JSON.stringify(root)});
    const lengths = new Uint32Array(3_000_000).map((_, i) => 1 + (i * 7919) % 60);
    const strategies = ["auto", "best-fit", "next-fit"];
    for (const strategy of strategies) pack(lengths, { capacity: 64, strategy });
    pack(lengths, { capacity: 64, onProgress() {} });
    plan(LengthHistogram.from(lengths), { capacity: 64, strategy: "optimal" });
    require("node:worker_threads").parentPort.postMessage("started");`;
  for (let round = 0; round < 50; round++) {
    const workers = Array.from({ length: 4 }, () => new Worker(code, { eval: true }));
    await Promise.all(
      workers.map(
        (worker, i) =>
          new Promise((resolve, reject) => {
            worker.on("error", reject).on("exit", resolve);
            worker.on("message", () => setTimeout(() => worker.terminate(), i * 3 + (round % 7)));
          }),
      ),
    );
  }
  t.deepEqual((await stowage.pack([1, 2], { capacity: 8 })).toArrays(), [[1, 0]]);
});

test("a process that exits in the middle of a job exits cleanly", (t) => {
  const code = `const { pack } = require(${JSON.stringify(root)});
    pack(new Uint32Array(5_000_000).fill(7), { capacity: 64, strategy: "best-fit" });
    setTimeout(() => process.exit(7), 5);`;
  for (let i = 0; i < 5; i++) t.is(spawnSync(process.execPath, ["-e", code]).status, 7);
});
