// Ids, masks and labels of text against transformers and TRL: `npm run test:text-ids [-- NAME…]`.
//
// environment.mjs says where the tokenizers and the Python come from. Names choose tokenizers, or `trl`.
// STOWAGE_TEXT_ROWS: rows per tokenizer and kind (default 2000).

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { interopPython, pythonWith, tokenizerFolder, tokenizers } from "./environment.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const rows = process.env.STOWAGE_TEXT_ROWS ?? "2000";
const cli = join(here, "..", "dist", "cli", "main.js");

/** Each check by its name; `trl` trains on what the tokenizer of Qwen3 made. */
const checks = {
  ...Object.fromEntries(
    Object.keys(tokenizers).map((name) => [
      name,
      () => [pythonWith("text"), "check_text.py", cli, tokenizerFolder(name), rows, name],
    ]),
  ),
  trl: () => [interopPython(), "check_text_trl.py", cli, tokenizerFolder("qwen3"), "300"],
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in checks));
if (unknown !== undefined) {
  console.error(`no check '${unknown}'; known are ${Object.keys(checks).join(", ")}`);
  process.exit(2);
}
/** Runs a check; says its time, and whether it held. */
async function run(name) {
  const since = Date.now();
  const [python, script, ...args] = checks[name]();
  const child = spawn(python, [join(here, script), ...args], { stdio: "inherit" });
  const status = await new Promise((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", reject);
  });
  const seconds = Math.round((Date.now() - since) / 1e3);
  console.log(`${name}: ${status === 0 ? "ok" : "FAILED"}, ${seconds} s`);
  if (status !== 0) process.exitCode = 1;
}

// Each check is one thread for most of its time: as many at once as there are cores.
const waiting = asked.length > 0 ? asked : Object.keys(checks);
const lane = async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await run(name);
};
await Promise.all(Array.from({ length: availableParallelism() }, lane));
