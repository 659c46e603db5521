// Inputs through pipes: the same data set as from a file, and nothing left of what was put away.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import test from "ava";
import { packDataset } from "../../index.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const main = join(root, "dist/cli/main.js");
const docs = join(root, "examples", "data", "python-docs.jsonl");
const folder = mkdtempSync(join(tmpdir(), "stowage-pipes-"));
test.after.always(() => rmSync(folder, { recursive: true }));
const temporary = join(folder, "tmp");
mkdirSync(temporary);
const env = { ...process.env, TMPDIR: temporary, STOWAGE: `${process.execPath} ${main}` };

/** Runs a line of bash, in which $STOWAGE is the command. */
function bash(line: string, input?: string | Buffer) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], {
    ...{ cwd: folder, env, encoding: "utf8" },
    ...(input !== undefined && { input }),
  });
  return { status, stdout, stderr };
}

/** What stands in the test's folder under a temporary name, and where the system keeps such files. */
const leftOver = (): string[] => [
  ...readdirSync(folder).filter((name) => name.startsWith(".")),
  ...readdirSync(temporary),
];

const bytesOf = (output: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, output))
      .sort()
      .map((name) => [name, readFileSync(join(folder, output, name), "hex")]),
  );

/** A frame of zstd that holds `content` as it is: Node 20 packs none. */
function zstd(content: Buffer): Buffer {
  const most = 128 << 10;
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const blocks = [];
  for (let from = 0; from < content.length; from += most) {
    const block = content.subarray(from, from + most);
    const last = from + most >= content.length ? 1 : 0;
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | last, 0, 3);
    blocks.push(head, block);
  }
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0), size, ...blocks]);
}

const lines = readFileSync(docs);
const options = "-c 16384 --quiet";

for (const [name, input] of [
  ["JSON lines", lines],
  ["JSON lines in gzip", gzipSync(lines)],
  ["JSON lines in zstd", zstd(lines)],
] as const) {
  test.serial(`${name} through standard input give the bytes that a file gives`, (t) => {
    const packed = bash(`$STOWAGE pack - ${options} -o piped --overwrite`, input);
    t.is(packed.status, 0, packed.stderr);
    const file = bash(`$STOWAGE pack ${docs} ${options} -o filed --overwrite`);
    t.is(file.status, 0, file.stderr);
    t.deepEqual(bytesOf("piped"), bytesOf("filed"));
    t.deepEqual(leftOver(), []);
    const proved = bash("$STOWAGE verify piped --input - --quiet", input);
    t.is(proved.status, 0, proved.stderr);
    t.deepEqual(leftOver(), []);
  });
}

test.serial(
  "Parquet, the order of several inputs and pipes of the shell: all are known by their bytes",
  async (t) => {
    const output = join(folder, "source");
    writeFileSync(join(folder, "one.jsonl"), '{"input_ids":[9]}\n');
    await packDataset({ input: docs, output, format: "parquet", capacity: 16_384 });
    const [parquet = ""] = readdirSync(output).filter((name) => name.endsWith(".parquet"));
    const several = bash(
      `$STOWAGE pack one.jsonl <(cat source/${parquet}) - --repack ${options} -o several -f npy`,
      '{"input_ids":[8]}\n',
    );
    t.is(several.status, 0, several.stderr);
    t.is(
      bash("$STOWAGE pack one.jsonl source last.jsonl --repack -c 16384 -o same -f npy -q").status,
      1,
    );
    writeFileSync(join(folder, "last.jsonl"), '{"input_ids":[8]}\n');
    const same = bash(
      "$STOWAGE pack one.jsonl source last.jsonl --repack -c 16384 -o same -f npy -q",
    );
    t.is(same.status, 0, same.stderr);
    t.deepEqual(bytesOf("several"), bytesOf("same"));
    t.deepEqual(leftOver(), []);
  },
);

test.serial("stats, plan and prepare read pipes, too, and histograms in JSON", (t) => {
  const two = '{"input_ids":[1,2]}\n{"input_ids":[3]}\n';
  for (const line of [
    "$STOWAGE stats - -c 8 -s auto --json",
    "$STOWAGE plan - -c 8 --json",
    "$STOWAGE plan - -c 8 -o plan.json --overwrite --json",
    "$STOWAGE prepare -i - --max-seq-len 8 -o prepared --overwrite --json",
  ]) {
    const { status, stdout, stderr } = bash(line, two);
    t.is(status, 0, stderr);
    t.is(JSON.parse(stdout).sequenceCount, 2, line);
    t.deepEqual(leftOver(), [], line);
  }
  t.is(bash("$STOWAGE verify plan.json -i -", two).status, 0);
  const counts = '{"version":1,"counts":[[1,1],[2,1]]}';
  const { stdout } = bash("$STOWAGE stats - -c 8 -s auto --json", counts);
  t.like(JSON.parse(stdout), { sequenceCount: 2, tokenCount: 3 });
});

test.serial("what is wrong in a pipe is named by it, and nothing is left", (t) => {
  const wrong = bash(
    "$STOWAGE pack - -c 8 -o wrong --json",
    '{"input_ids":[1]}\n{"input_ids":[-1]}\n',
  );
  t.is(wrong.status, 1);
  const { error } = JSON.parse(wrong.stderr);
  t.like(error, { code: "ERR_COLUMN", path: "standard input", row: 1 });
  t.true(error.message.startsWith("standard input, row 1"), error.message);
  const other = bash("$STOWAGE pack <(echo x) -c 8 -o wrong");
  t.regex(other.stderr, /^stowage: ERR_FORMAT: \/dev\/fd\/\d+/);
  const twice = bash("$STOWAGE pack - - -c 8 -o wrong", "");
  t.is(twice.status, 2);
  t.regex(twice.stderr, /standard input is read once/);
  t.deepEqual(leftOver(), []);
});

test.serial("a signal while the pipe is open ends it, and nothing is left", async (t) => {
  const child = spawn(process.execPath, [main, "pack", "-", "-c", "8", "-o", "stopped"], {
    ...{ cwd: folder, env, stdio: ["pipe", "ignore", "pipe"] },
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.on("error", () => undefined);
  child.stdin.write('{"input_ids":[1]}\n');
  while (leftOver().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGINT");
  t.is(await ended, 130);
  t.deepEqual(leftOver(), []);
  t.false(readdirSync(folder).includes("stopped"));
});
