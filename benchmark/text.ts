// `npm run bench:text`: conversations to packed Parquet, beside TRL's own preparation of the same rows
// and beside the limit, the crate `tokenizers` alone on the rendered texts, in one run.
//
//   npm run bench:text -- [--rows 20000] [--rounds 3]
//
// Tokenizer: Qwen3's, as an npm package ships it; template: TRL's training template for it, which has
// generation marks (without marks TRL has no mask), and Qwen3's own, where the mask is found by prefixes
// and verified marks. Each row of the table is the fastest of the rounds, Python's of one.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tokenizerFolder } from "../interop/environment.mjs";
import { machine, peersPython, ROOT, releaseBinary } from "./environment.js";
import { generator } from "./lengths.js";

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
  },
});
const [rows, rounds] = [Number(flags.rows), Number(flags.rounds)];
const capacity = 4096;

process.env.NAPI_RS_NATIVE_LIBRARY_PATH = releaseBinary().path;
const { packDataset, tokenize } = await import("../index.js");

const words =
  "the of and to a in is that for it as was with be by on not he his but at are this have from or had an they which " +
  "sequence packing learns gradient optimiser tokens naïve café Zürich 東京 你好世界 안녕하세요 Привет мир " +
  "return const function (x) => { } [i] += 1; 3.14159 1,000 https://example.org/a?b=c 🙂";

/** Conversations of 1 to 4 turns with answers of 20 to 400 words. */
function conversations(count: number): { messages: { role: string; content: string }[] }[] {
  const uniform = generator();
  const list = words.split(" ");
  const pick = (from: number, to: number) => from + Math.floor(uniform() * (to - from));
  const text = (length: number) =>
    Array.from({ length }, () => {
      const word = list[pick(0, list.length)] as string;
      // Some words are new each time, as names and numbers are.
      return uniform() < 0.2 ? word + pick(0, 1e6).toString(36) : word;
    }).join(" ");
  return Array.from({ length: count }, () => ({
    messages: Array.from({ length: pick(1, 5) }, () => [
      { role: "user", content: text(pick(5, 80)) },
      { role: "assistant", content: text(pick(20, 400)) },
    ]).flat(),
  }));
}

const folder = mkdtempSync(join(tmpdir(), "stowage-text-"));
try {
  const found = peersPython(join(ROOT, "benchmark", "peers", "datasets-requirements.txt"));
  if ("missing" in found) throw new Error(`no Python peers: ${found.missing}`);
  const { python } = found;
  const tokenizer = tokenizerFolder("qwen3");
  const [source, template, texts] = ["rows.jsonl", "training.jinja", "texts.jsonl"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const list = conversations(rows);
  writeFileSync(source, list.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const program =
    "from trl.chat_template_utils import qwen3_training_chat_template as t; print(t, end='')";
  writeFileSync(template, execFileSync(python, ["-c", program], { encoding: "utf8" }));

  const options = { tokenizer, messages: "messages", chatTemplate: template };
  const rendered = await tokenize({ input: source, limit: rows }, options);
  writeFileSync(texts, rendered.map(({ text }) => `${JSON.stringify(text)}\n`).join(""));
  const tokens = rendered.reduce((sum, { ids }) => sum + ids.length, 0);

  const all = availableParallelism();
  const counts = all > 1 ? [1, all] : [1];
  const table: { name: string; threads: number; seconds: number }[] = [];
  for (const threads of counts) {
    table.push({ name: "tokenizers alone", threads, seconds: limit(tokenizer, texts, threads) });
    for (const [name, text] of [
      ["stowage, template with marks", options],
      ["stowage, the tokenizer's own template", { tokenizer, messages: "messages" }],
    ] as const)
      table.push({ name, threads, seconds: await ours(source, text, threads) });
    const theirs = spawnSync(
      python,
      [
        join(ROOT, "benchmark", "peers", "text_peers.py"),
        ...[source, tokenizer, template, join(folder, "trl.parquet")],
        ...[String(capacity), String(threads)],
      ],
      {
        encoding: "utf8",
        env: { ...process.env, HF_HOME: join(folder, "hf"), HF_HUB_OFFLINE: "1" },
      },
    );
    if (theirs.status !== 0) throw new Error(`TRL: ${theirs.stderr.trim().split("\n").at(-1)}`);
    const line = theirs.stdout.trim().split("\n").at(-1) as string;
    table.push({
      name: "TRL",
      threads,
      seconds: (JSON.parse(line) as { seconds: number }).seconds,
    });
  }
  report(table, tokens, statSync(texts).size);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Seconds of the fastest round of `packDataset`. */
async function ours(
  input: string,
  text: { tokenizer: string; messages: string },
  threads: number,
): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await packDataset({
      ...{ input, text, capacity, threads, format: "parquet", overlong: "truncate" },
      ...{ output: join(folder, "ours"), overwrite: true },
    });
    best = Math.min(best, (performance.now() - start) / 1e3);
  }
  return best;
}

/** Seconds of the fastest round of `tokenizers` alone. */
function limit(tokenizer: string, texts: string, threads: number): number {
  const example = [
    "--release",
    "--locked",
    "--quiet",
    "-p",
    "stowage-text",
    "--example",
    "yardstick",
  ];
  const given = [join(tokenizer, "tokenizer.json"), String(threads), String(rounds)];
  const command = `cargo run ${example.join(" ")} -- ${given.map((each) => `'${each}'`).join(" ")} < '${texts}'`;
  const line = execFileSync("sh", ["-c", command], { cwd: ROOT, encoding: "utf8" });
  return (JSON.parse(line) as { seconds: number }).seconds;
}

function report(
  table: readonly { name: string; threads: number; seconds: number }[],
  tokens: number,
  bytes: number,
): void {
  const { cpu, cores, node } = machine();
  console.log(`${cpu}, ${cores} cores, Node ${node}; ${rows} conversations, ${tokens} tokens`);
  console.log("| job | threads | seconds | rows/s | MB/s of text | of the limit | times TRL |");
  console.log("|---|---|---|---|---|---|---|");
  for (const { name, threads, seconds } of table) {
    const of = (other: string) =>
      table.find((row) => row.name === other && row.threads === threads)?.seconds ?? Number.NaN;
    const cells = [
      ...[name, threads, seconds.toFixed(2), Math.round(rows / seconds)],
      ...[
        (bytes / seconds / 1e6).toFixed(1),
        `${((of("tokenizers alone") / seconds) * 100).toFixed(0)} %`,
      ],
      `${(of("TRL") / seconds).toFixed(1)}×`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
