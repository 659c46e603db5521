// How an output takes its name: whole or not at all, nothing foreign lost, what killed jobs left named.
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { cleanLeftovers, packDataset, verifyDataset } from "../../index.js";
import { abc, caught, job } from "../fixtures/dataset-files.js";

const root = join(import.meta.dirname, "../..");
const cli = join(root, "dist/cli/main.js");

test("a file that stowage did not write keeps an output from being replaced", async (t) => {
  for (const format of ["parquet", "hf", "llamafactory", "mds", "nemo", "seqpack"] as const) {
    const given = { ...job(abc, { format, capacity: 8 }), overwrite: true };
    await packDataset(given);
    await packDataset(given);
    writeFileSync(join(given.output, "notes.txt"), "mine");
    mkdirSync(join(given.output, "sub"));
    writeFileSync(join(given.output, "sub", "deeper"), "mine");
    const error = await caught(packDataset(given));
    t.like(error, { code: "ERR_OUTPUT_EXISTS", path: given.output });
    t.regex(error.message, /holds 2 files that stowage did not write, the first is notes\.txt/);
    t.is(readFileSync(join(given.output, "sub", "deeper"), "utf8"), "mine");
  }
});

test("an output in an input folder, and an input in the output, are refused with both names", async (t) => {
  const given = { ...job(abc, { capacity: 8 }), overwrite: true };
  const folder = join(dirname(given.input as string), "data");
  mkdirSync(folder);
  renameSync(given.input as string, join(folder, "x.jsonl"));
  const refused = async (input: string | string[], output: string): Promise<void> => {
    const before = readdirSync(folder, { recursive: true });
    const error = await caught(packDataset({ ...given, input, output }));
    t.is(error.code, "ERR_OPTION", error.message);
    t.true(error.message.includes(output), error.message);
    t.deepEqual(readdirSync(folder, { recursive: true }), before);
  };
  await refused(folder, join(folder, "packed"));
  await refused([folder], join(folder, "new", "deeper", "packed"));
  const inside = join(folder, "packed");
  await packDataset({ ...given, input: join(folder, "x.jsonl"), output: inside });
  await refused(folder, inside);
  await refused(join(inside, "data-00000-of-00001.arrow"), inside);
  await refused(join(inside, "*.arrow"), inside);
  await refused(inside, inside);
  symlinkSync(folder, `${folder}-link`);
  await refused(folder, join(`${folder}-link`, "packed"));
  // A pattern is judged by its matches.
  await packDataset({ ...given, input: join(folder, "*.jsonl"), output: inside });
});

test("the working directory and folders above it are no output", (t) => {
  const { input } = job(abc, { capacity: 8 });
  const here = join(dirname(input as string), "here");
  mkdirSync(here);
  for (const output of [".", here, "../here/.", `${here}/`]) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [cli, "pack", input as string, "-c", "8", "-o", output, "--overwrite"],
      { cwd: here, encoding: "utf8" },
    );
    t.is(status, 2, stderr);
    t.regex(stderr, /ERR_OPTION: the output .* is the working directory or above it/);
    t.true(existsSync(here));
  }
  for (const output of ["..", "/"]) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [cli, "pack", input as string, "-c", "8", "-o", output, "--overwrite"],
      { cwd: here, encoding: "utf8" },
    );
    t.is(status, 2, stderr);
    t.regex(stderr, /ERR_OPTION/);
    t.true(existsSync(input as string));
  }
});

/** Packs in a process of its own, which is killed as soon as it has begun to write. */
async function killed(given: { input: unknown; output: string }, signal: NodeJS.Signals) {
  const rows = Array.from({ length: 60_000 }, (_, k) => `{"input_ids":[${k},1,2,3,4,5,6,7,8]}`);
  writeFileSync(given.input as string, rows.join("\n"));
  const command = [
    "pack",
    given.input as string,
    "-c",
    "64",
    "-o",
    given.output,
    "-f",
    "npy",
    "-q",
  ];
  const child = spawn(process.execPath, [cli, ...command], { stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const parent = dirname(given.output);
  const begun = () => readdirSync(parent).find((name) => name.endsWith(".tmp"));
  for (let k = 0; k < 5000 && begun() === undefined; k++)
    await new Promise((resolve) => setTimeout(resolve, 2));
  const left = begun();
  child.kill(signal);
  return { left: left && join(parent, left), pid: child.pid!, code: await ended };
}

test("what a killed job leaves says who wrote it, and is removed when that process is gone", async (t) => {
  const given = job(abc, { capacity: 64 });
  const parent = dirname(given.output);
  const { left, pid } = await killed(given, "SIGKILL");
  t.truthy(left);
  t.false(existsSync(given.output));
  t.true(left!.includes(`-${pid}-`) && left!.includes(`.out.stowage-`), left);
  // Named by the next job, removed by one that may overwrite, or by cleaning.
  const named = await packDataset(given);
  t.is(named.warnings.length, 1);
  t.regex(
    named.warnings[0]!,
    /an earlier job was killed and left .*\.tmp \(\d+ bytes, .* has ended\)/,
  );
  t.true(existsSync(left!));
  const removed = await packDataset({ ...given, overwrite: true });
  t.regex(removed.warnings[0]!, /an earlier job was killed: removed /);
  t.false(existsSync(left!));
  const again = await killed({ ...given, output: `${given.output}-2` }, "SIGKILL");
  const found = await cleanLeftovers(parent);
  t.like(found, [{ path: again.left, pid: again.pid, life: "gone", removed: true }]);
  t.false(existsSync(again.left!));
});

test("what another host wrote, or nobody knows who, is removed by force alone", async (t) => {
  const { output } = job(abc);
  const parent = dirname(output);
  const here = hostname().replaceAll(/[^A-Za-z0-9.]/g, "_");
  const names = [
    ".out.stowage-aB3xYz.tmp",
    ".out.stowage-elsewhere-0123abcd-77-12345-aB3xYz.tmp",
    `.out.stowage-${here}-00000000-77-12345-aB3xYz.old`,
  ];
  for (const name of names) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, "x"), "12345");
    utimesSync(join(parent, name), 1000, 1000);
  }
  const kept = await cleanLeftovers(parent);
  t.deepEqual(
    kept.map((one) => [one.life, one.removed, one.bytes, one.host]),
    [
      ["unknown", false, 5, undefined],
      ["unknown", false, 5, "elsewhere"],
      ["unknown", false, 5, here],
    ],
  );
  t.is((await cleanLeftovers(parent, { force: true })).filter((one) => one.removed).length, 3);
  t.deepEqual(await cleanLeftovers(parent), []);
});

for (const [signal, code] of [
  ["SIGHUP", 129],
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  test(`${signal} leaves nothing behind`, async (t) => {
    const given = job(abc, { capacity: 64 });
    const ended = await killed(given, signal);
    t.truthy(ended.left);
    t.is(ended.code, code);
    t.deepEqual(readdirSync(dirname(given.output)), ["source.jsonl"]);
  });
}

test("whoever looks while an output is replaced finds the old one or the new one, whole", async (t) => {
  const given = { ...job(abc, { capacity: 8 }), overwrite: true };
  await packDataset(given);
  const seen = new Set<number>();
  let missing = 0;
  let looking = true;
  const look = (async () => {
    while (looking) {
      try {
        const { capacity } = JSON.parse(readFileSync(join(given.output, "_stowage.json"), "utf8"));
        seen.add(capacity);
      } catch (error) {
        t.is((error as NodeJS.ErrnoException).code, "ENOENT");
        missing += 1;
      }
      await new Promise(setImmediate);
    }
  })();
  for (let k = 0; k < 40; k++) await packDataset({ ...given, capacity: 8 + (k % 2) });
  looking = false;
  await look;
  t.deepEqual([...seen].sort(), [8, 9]);
  if (process.platform === "linux") t.is(missing, 0, "names are exchanged");
  await verifyDataset(given.output);
});
