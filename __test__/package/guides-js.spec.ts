// The JavaScript of the guides about reading back and about sources elsewhere, run as the pages show it,
// in a folder outside of the repository. What a page takes from elsewhere (a session, a client, an
// address) stands in front: servers and clients of this machine, with the shapes of the real ones.
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { packDataset } from "../../index.js";

const root = join(import.meta.dirname, "../..");

/** Each program of a page: a block of JavaScript. */
const programs = (page: string): string[] => {
  const text = readFileSync(join(root, "docs", `${page}.md`), "utf8");
  return [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);
};

/** A folder as a user's, with the packages that the pages import. */
function project(): string {
  const at = mkdtempSync(join(tmpdir(), "stowage-guides-"));
  mkdirSync(join(at, "node_modules"));
  const modules = join(root, "node_modules");
  for (const [name, target] of [
    ["stowage", root],
    ["apache-arrow", join(modules, "apache-arrow")],
    ["@duckdb", join(modules, "@duckdb")],
  ] as const)
    symlinkSync(target, join(at, "node_modules", name), "junction");
  return at;
}

function run(at: string, name: string, code: string): string {
  writeFileSync(join(at, name), code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], {
    cwd: at,
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return stdout;
}

const source = Array.from({ length: 90 }, (_, k) =>
  JSON.stringify({ input_ids: Array.from({ length: 2 + (k % 40) }, (_, at) => 100 + at) }),
).join("\n");

/** What the training page takes for granted: the tensors of onnxruntime, and a session that adds up. */
const training = `
class Tensor {
  constructor(type, data, dims) {
    if (type !== "int64" || !(data instanceof BigInt64Array)) throw new Error("int64 wants BigInt64Array");
    if (dims[0] * dims[1] !== data.length) throw new Error(dims + " doesn't hold " + data.length);
    Object.assign(this, { type, data, dims });
  }
}
const session = {
  async run({ input_ids, position_ids, labels }) {
    let sum = 0;
    labels.data.forEach((label, at) => {
      if (label === -100n) return;
      if (label !== input_ids.data[at] || position_ids.data[at] === 0n) throw new Error("a wrong target");
      sum++;
    });
    return { loss: { data: Float32Array.of(sum) } };
  },
};
`;

test("the loops of docs/training-js.md train on every token but the first of each sequence", async (t) => {
  const at = project();
  writeFileSync(join(at, "rows.jsonl"), source);
  const output = join(at, "packed");
  const { packCount, tokensPacked } = await packDataset({
    ...{ input: join(at, "rows.jsonl"), output, format: "arrow", capacity: 64 },
  });
  const [loop, order, ...rest] = programs("training-js");
  t.deepEqual(rest, []);
  const steps = run(at, "loop.mjs", training + loop);
  t.true(steps.startsWith(`${packCount} packs of 64, ${tokensPacked} tokens\n`), steps);
  const losses = [...steps.matchAll(/loss (\d+)/g)].map(([, loss]) => Number(loss));
  t.is(losses.length, Math.ceil(packCount / 4));
  t.is(
    losses.reduce((sum, loss) => sum + loss, 0),
    tokensPacked - 90,
  );
  const packs = run(at, "order.mjs", order!);
  const half = Math.ceil(packCount / 2) - 3;
  t.is(packs.trim().split("\n").length, half, packs);
});

/** What the page on sources takes for granted: an address, and clients with the calls of the real ones. */
const elsewhere = `
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
const server = createServer((_, response) => response.end(readFileSync("tokens.parquet")));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
server.unref();
const url = "http://127.0.0.1:" + server.address().port + "/tokens.parquet";
class GetObjectCommand { constructor(input) { this.input = input; } }
const client = { send: async () => ({ Body: Readable.from([readFileSync("rows.jsonl")]) }) };
const downloadFile = async () => new Blob([readFileSync("tokens.parquet")]);
`;

test("the recipes of docs/remote-sources.md pack what comes from elsewhere", async (t) => {
  const at = project();
  writeFileSync(join(at, "rows.jsonl"), source);
  const whole = "SELECT input_ids FROM read_json('rows.jsonl', columns = {input_ids: 'INTEGER[]'})";
  run(
    at,
    "make.mjs",
    `import { DuckDBInstance } from "@duckdb/node-api";
     const connection = await (await DuckDBInstance.create(":memory:")).connect();
     await connection.run("COPY (${whole}) TO 'tokens.parquet'");`,
  );
  for (const [k, code] of programs("remote-sources").entries())
    run(
      at,
      `recipe-${k}.mjs`,
      elsewhere.replaceAll(/^import .*\n/gm, (line) => (code.includes(line) ? "" : line)) + code,
    );
  const made = readdirSync(at)
    .filter((name) => name.startsWith("packed-"))
    .sort();
  t.deepEqual(made, [
    "packed-http",
    "packed-hub",
    "packed-keys",
    "packed-s3",
    "packed-sql",
    "packed-table",
  ]);
  const sequences = made.map(
    (name) => JSON.parse(readFileSync(join(at, name, "_stowage.json"), "utf8")).sequenceCount,
  );
  t.deepEqual(sequences, [90, 90, 180, 90, 90, 2]);
});
