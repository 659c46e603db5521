// Runs the code of the guides in docs/: blocks of JavaScript and Python, in their order, in a folder
// that holds `tokens.parquet`, `conversations.jsonl` and a tokenizer. Python has `model` and `tokenizer` as the guides say.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
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
  "micro-batches",
];

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
  for (const [number, { language, code }] of programs(guide).entries()) {
    const file = join(folder, `${guide}-${number}.${language === "js" ? "mjs" : "py"}`);
    const prelude =
      language === "python" ? readFileSync(join(here, "guide_prelude.py"), "utf8") : "";
    writeFileSync(file, prelude + code);
    const env = { ...process.env, PYTHONPATH: here };
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
