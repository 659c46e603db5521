// Runs the code of the guides in docs/, exactly as the pages show it: blocks of JavaScript and Python, in
// their order, in a folder outside the repository that holds `tokens.parquet`,
// `conversations.jsonl` and a tokenizer.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");

export const guides = [
  "from-text",
  "trl",
  "llamafactory",
  "megatron-nemo",
  "streaming-mds",
  "pytorch-varlen",
  "duckdb-arrow",
  "dataframes",
  "micro-batches",
  "epochs",
  "scale-out",
  "report",
  "desk",
];

/** What a guide packs; each may begin from nothing. */
const outputs = ["packed", "packed-ds"];

/** Blocks that follow each other are one program, until one begins with an import. */
function programs(guide) {
  const text = readFileSync(join(root, "docs", `${guide}.md`), "utf8");
  const found = [];
  for (const [, language, code] of text.matchAll(/^```(js|python)\n(.*?)^```/gms)) {
    const last = found.at(-1);
    const fresh = /^(import|from) /.test(code);
    if (last?.language === language && !fresh) last.code += code;
    else found.push({ language, code });
  }
  return found;
}

/** Runs one guide; returns what went wrong, or nothing. */
export function runGuide(guide, folder, python) {
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  const data = join(root, "examples", "data");
  for (const [name, target] of [
    ["../tokenizer", join(data, "tokenizer")],
    ["../conversations.jsonl", join(data, "conversations.jsonl")],
    ["stowage", root],
    ["apache-arrow", join(root, "node_modules", "apache-arrow")],
    ["@duckdb", join(root, "node_modules", "@duckdb")],
  ]) {
    try {
      symlinkSync(target, join(modules, name), "junction");
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
  for (const output of outputs) rmSync(join(folder, output), { recursive: true, force: true });
  for (const [number, { language, code }] of programs(guide).entries()) {
    const file = join(folder, `${guide}-${number}.${language === "js" ? "mjs" : "py"}`);
    writeFileSync(file, code);
    // No graphics card and no network, whatever this machine has; no module of this repository.
    const { PYTHONPATH: _, ...rest } = process.env;
    const env = {
      ...rest,
      CUDA_VISIBLE_DEVICES: "",
      HF_HUB_OFFLINE: "1",
      HF_HOME: join(folder, "hf"),
      PYTHONWARNINGS: "ignore",
    };
    const { status, stderr } = spawnSync(language === "js" ? process.execPath : python, [file], {
      cwd: folder,
      encoding: "utf8",
      env,
    });
    if (status !== 0)
      return `program ${number} (${language}): ${stderr.split("\n").slice(-8).join("\n")}`;
  }
  return undefined;
}
