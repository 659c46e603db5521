// Ids, masks and labels of text against transformers and TRL: `npm run test:text-ids [-- NAME…]`.
//
// environment.mjs says where the tokenizers and the Python come from. Names choose tokenizers, or `trl`.
// STOWAGE_TEXT_ROWS: rows per tokenizer and kind (default 2000).

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { interopPython, textPython, tokenizerFolder, tokenizers } from "./environment.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const rows = process.env.STOWAGE_TEXT_ROWS ?? "2000";
const cli = join(here, "..", "dist", "cli", "main.js");

/** Each check by its name; `trl` trains on what the tokenizer of Qwen3 made. */
const checks = {
  ...Object.fromEntries(
    Object.keys(tokenizers).map((name) => [
      name,
      () => [textPython(), "check_text.py", cli, tokenizerFolder(name), rows, name],
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
let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(checks)) {
  const since = Date.now();
  const [python, script, ...args] = checks[name]();
  const { status } = spawnSync(python, [join(here, script), ...args], { stdio: "inherit" });
  console.log(
    `${name}: ${status === 0 ? "ok" : "FAILED"}, ${Math.round((Date.now() - since) / 1e3)} s`,
  );
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;
