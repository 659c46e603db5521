// `stowage stream` in a shell pipeline, and what the command line says of epochs and ranks: real
// processes, pipes and signals.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as arrow from "apache-arrow";
import test from "ava";
import {
  LengthHistogram,
  LengthIndex,
  planSync,
  readLengths,
  type StreamedPack,
  type StreamOptions,
  StreamPacker,
} from "../../index.js";
import { readManifest, readPacks } from "../fixtures/dataset-files.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const command = join(root, "dist", "cli", "main.js");
const folder = mkdtempSync(join(tmpdir(), "stowage-filter-"));
test.after.always(() => rmSync(folder, { recursive: true }));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(...args: string[]): ChildProcessWithoutNullStreams {
  // Its temporary files go where the test can see them.
  return spawn(process.execPath, [command, ...args], { env: { ...process.env, TMPDIR: folder } });
}

async function finish(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}

/** Runs the command on an input that is written in the given parts. */
async function fed(args: string[], ...parts: (string | Uint8Array)[]): Promise<Outcome> {
  const child = start(...args);
  const outcome = finish(child);
  for (const part of parts) {
    child.stdin.write(part);
    if (parts.length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.stdin.end();
  return outcome;
}

const packsOf = (stdout: string): StreamedPack[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

function expected(lengths: number[], options: StreamOptions): StreamedPack[] {
  const packer = new StreamPacker(options);
  return [...packer.add([...lengths.keys()], lengths), ...packer.finish()];
}

const mixed = Array.from({ length: 3000 }, (_, i) => 1 + ((i * 7919) % 100));

test.serial("lengths, tokens and objects on lines become packs on lines", async (t) => {
  const input = '4\n{"id":9,"length":6}\n\r\n{"input_ids":[1,2,3]}\r\n[5,6]';
  const { code, stdout, stderr } = await fed(["stream", "-c", "10", "-s", "next-fit"], input);
  t.deepEqual([code, stderr], [0, ""]);
  t.deepEqual(packsOf(stdout), [
    { ids: [0, 9], lengths: [4, 6], tokens: 10 },
    { ids: [3, 4], lengths: [3, 2], tokens: 5 }, // the empty line counts
  ]);
});

test.serial("lines may be cut anywhere, in the middle of a letter too", async (t) => {
  const text = Buffer.from('{"text":"größe","length":4}\n{"text":"größe","length":6}\n');
  const at = text.indexOf("ß") + 1;
  const parts = [text.subarray(0, at), text.subarray(at, at + 9), text.subarray(at + 9)];
  const { code, stdout, stderr } = await fed(["stream", "-c", "10"], ...parts);
  t.deepEqual([code, stderr], [0, ""]);
  t.deepEqual(packsOf(stdout), [{ ids: [1, 0], lengths: [6, 4], tokens: 10 }]);
});

test.serial("a closed pack is printed while the source is still open", async (t) => {
  const child = start("stream", "-c", "10", "-s", "next-fit");
  child.stdin.write("4\n6\n");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  t.deepEqual(packsOf(line.toString()), [{ ids: [0, 1], lengths: [4, 6], tokens: 10 }]);
  const rest = finish(child);
  child.stdin.end("3\n");
  t.deepEqual(packsOf((await rest).stdout), [{ ids: [2], lengths: [3], tokens: 3 }]);
});

for (const format of ["file", "stream"] as const) {
  test.serial(`an Arrow ${format} is packed as its lengths are, cut anywhere`, async (t) => {
    const vector = arrow.vectorFromArray(mixed, new arrow.Uint32());
    const bytes = arrow.tableToIPC(new arrow.Table({ sizes: vector }), format);
    const args = ["stream", "-c", "128", "--column", "sizes", "--lookahead", "64"];
    const parts = [bytes.subarray(0, 3), bytes.subarray(3, 5), bytes.subarray(5)];
    const { code, stdout, stderr } = await fed(args, ...parts);
    t.deepEqual([code, stderr], [0, ""]);
    t.deepEqual(packsOf(stdout), expected(mixed, { capacity: 128, lookahead: 64 }));
    t.deepEqual(readdirSync(folder), [], "its copy is gone");
  });
}

test.serial("tokens in an Arrow column are counted", async (t) => {
  const rows = [[1, 2, 3], [4], [5, 6]];
  const list = new arrow.List(new arrow.Field("item", new arrow.Int32(), true));
  const table = new arrow.Table({ input_ids: arrow.vectorFromArray(rows, list) });
  const { code, stdout } = await fed(["stream", "-c", "4"], arrow.tableToIPC(table, "stream"));
  t.is(code, 0);
  t.deepEqual(packsOf(stdout), expected([3, 1, 2], { capacity: 4 }));
});

test.serial("cut sequences say where they begin, and every option arrives", async (t) => {
  const flags = ["-s", "harmonic", "--harmonic-classes", "3", "--max-sequences-per-pack", "2"];
  const policies = ["--overlong", "split", "--empty", "drop"];
  const input = [...mixed, 0].join("\n");
  const { code, stdout } = await fed(["stream", "-c", "50", ...flags, ...policies], input);
  t.is(code, 0);
  const options = { strategy: "harmonic", harmonicClasses: 3, maxSequencesPerPack: 2 } as const;
  const rules = { overlong: "split", empty: "drop" } as const;
  t.deepEqual(packsOf(stdout), expected([...mixed, 0], { capacity: 50, ...options, ...rules }));
  t.true(packsOf(stdout).some(({ starts }) => starts?.some((start) => start > 0)));
});

test.serial(
  "ids that are strings come out as they went in, pieces of one sequence too",
  async (t) => {
    const input = ['{"id":"a","length":25}', '{"id":7,"length":3}', "4", '{"id":"b","length":0}'];
    const flags = ["-c", "10", "--overlong", "split", "--empty", "drop", "-s", "next-fit"];
    const { code, stdout, stderr } = await fed(["stream", ...flags], input.join("\n"));
    t.is(code, 0, stderr);
    t.deepEqual(
      packsOf(stdout).map(({ ids, lengths }) => [ids, lengths]),
      [
        [["a"], [10]],
        [["a"], [10]],
        [
          ["a", 7],
          [5, 3],
        ],
        [[2], [4]],
      ] as unknown as [number[], number[]][],
    );
  },
);

for (const [fault, input, message] of [
  ["no JSON", "4\n{x\n", /^stowage: ERR_FORMAT: line 1 of standard input is no JSON/],
  ["a line without a length", "{}\n", /^stowage: ERR_FORMAT: line 0 .* without "length"/],
  ["an id that is no number", '{"id":[1],"length":4}\n', /^stowage: ERR_FORMAT: line 0 .*"id"/],
  ["a string", '"hello"\n', /^stowage: ERR_FORMAT: line 0 .* is a string, no length/],
  ["a null", "4\nnull\n", /^stowage: ERR_FORMAT: line 1 .* is null, no length/],
  ["a batch of one", "[[1,2,3]]\n", /line 0 .* a list with a list at position 0; a token id is/],
  ["words", '["a",null]\n', /line 0 .* a list with "a" at position 0/],
  ["words of an object", '{"input_ids":[1,null]}\n', /line 0 .* a list with null at position 1/],
  [
    "a named string that is too long",
    '{"id":"x","length":60}\n',
    /ERR_OVERLONG: sequence x has 60/,
  ],
  ["an overlong sequence", '{"id":77,"length":60}\n', /ERR_OVERLONG: sequence 77 has 60 tokens/],
  ["an empty sequence", '4\n{"id":-3,"length":0}\n', /ERR_EMPTY_SEQUENCE: sequence -3 has no/],
  ["half a length", "4\n5.5\n", /ERR_LENGTH: the length of sequence 1 must be/],
] as const) {
  test.serial(`${fault} fails, named by line or id`, async (t) => {
    const { code, stdout, stderr } = await fed(["stream", "-c", "10"], input);
    t.deepEqual([code, stdout], [1, ""]);
    t.regex(stderr, message);
  });
}

/** Feeds lengths without end until nobody takes them. */
function endless(child: ChildProcessWithoutNullStreams): void {
  const feed = (): void => {
    while (child.stdin.writable && child.stdin.write("1\n".repeat(5000)));
  };
  child.stdin.on("drain", feed).on("error", () => undefined);
  feed();
}

test.serial("a reader that has seen enough ends it with 0 and without a word", async (t) => {
  const child = start("stream", "-c", "1");
  let words = "";
  child.stderr.on("data", (data) => (words += data));
  endless(child);
  await once(child.stdout, "data");
  child.stdout.destroy(); // the next write is told EPIPE, where a C program gets SIGPIPE
  t.deepEqual(await once(child, "exit"), [0, null]);
  t.is(words, "");
});

test.serial("a slow reader holds the source back", async (t) => {
  const child = start("stream", "-c", "1", "-s", "next-fit");
  endless(child);
  await once(child.stdout, "readable"); // and reads no more: pipes and buffers fill up
  const { stdin } = child as unknown as { stdin: Socket };
  let before = -1;
  while (before !== stdin.bytesWritten) {
    before = stdin.bytesWritten;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  t.true(before < 2 ** 20, `${before} bytes went in`);
  child.kill("SIGKILL");
  await once(child, "exit");
});

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test.serial(
    `${signal} ends an open stream with ${exitCode}, after the packs it closed`,
    async (t) => {
      const child = start("stream", "-c", "10", "-s", "next-fit");
      const outcome = finish(child);
      child.stdin.write("4\n6\n3\n");
      await once(child.stdout, "data");
      child.kill(signal);
      const { code, stdout, stderr } = await outcome;
      t.is(code, exitCode);
      t.true(stderr.includes(signal));
      t.deepEqual(packsOf(stdout), [{ ids: [0, 1], lengths: [4, 6], tokens: 10 }]);
    },
  );
}

test.serial("Ctrl-C while Arrow comes in leaves no copy behind", async (t) => {
  const child = start("stream", "-c", "10");
  const outcome = finish(child);
  child.stdin.write("ARROW1\0\0");
  while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGINT");
  t.is((await outcome).code, 130);
  t.deepEqual(readdirSync(folder), []);
});

test.serial("stats tells how busy ranks would be, shuffled and in balance", async (t) => {
  const instance = join(root, "benchmark", "instances", "chat-8192.txt");
  const args = ["stats", instance, "-c", "8192", "-s", "auto", "--world-size"];
  const exactly = ["8", "--exact-balance", "--json"];
  const { code, stdout, stderr } = await finish(start(...args, ...exactly));
  t.is(code, 0, stderr);
  const [{ worldSize, balance }] = JSON.parse(stdout).capacities;
  const rows = readFileSync(instance, "utf8")
    .split("\n")
    .filter((line) => /^\d/.test(line));
  const histogram = LengthHistogram.fromCounts(
    rows.map((row) => row.split(" ").map(Number) as [number, number]),
  );
  t.is(worldSize, 8);
  const plan = planSync(histogram, { capacity: 8192 });
  t.deepEqual(balance, plan.balance({ worldSize: 8, exact: true }));
  const quick = JSON.parse((await finish(start(...args, "8", "--json"))).stdout);
  t.deepEqual(quick.capacities[0].balance, plan.balance({ worldSize: 8 }));
  t.true(balance.shuffled.usefulShare < 0.6 && balance.balanced.usefulShare >= 0.99);
  t.true(Math.abs(balance.balanced.correlation) < 0.1);
  const text = (await finish(start(...args, "64", "--exact-balance"))).stdout;
  const figures = plan.balance({ worldSize: 64, exact: true });
  t.true(figures.balanced.usefulShare >= 0.98);
  t.regex(text, /64 ranks side by side/);
  for (const [order, { usefulShare, correlation }] of Object.entries(figures)) {
    const share = (100 * usefulShare).toFixed(2).slice(0, -1);
    t.regex(text, new RegExp(`${order} +${share}\\d* ?% +${correlation!.toFixed(3)}`));
  }
});

test.serial("pack writes the packs of the epoch, seed and order that it is told", async (t) => {
  const docs = join(root, "examples", "data", "python-docs.jsonl");
  const output = join(folder, "packed");
  const order = ["--epoch", "3", "--seed", "5", "--order", "balanced", "--world-size", "4"];
  const args = ["pack", docs, "-c", "16384", "-o", output, "--format", "arrow", ...order];
  const { code, stderr } = await finish(start(...args));
  t.is(code, 0, stderr);
  t.like(readManifest(output), { epoch: 3, order: "balanced" });
  const lengths = await readLengths(docs);
  const plan = planSync(LengthHistogram.from(lengths), { capacity: 16_384 });
  const options = { seed: 5, epoch: 3, order: "balanced", worldSize: 4 } as const;
  t.deepEqual(
    readPacks(output).map(({ sequence_ids: ids }) => Array.from(ids, Number)),
    Array.from(plan.epoch(new LengthIndex(lengths), options), (pack) => Array.from(pack)),
  );
  rmSync(output, { recursive: true });
});
