// The programs in examples/ are what users copy: each one runs to its end and says something.

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../..", "examples");
/** What the programs show, besides that they run. */
const shown: Readonly<Record<string, RegExp>> = {
  "sampler.mjs": /"cursor":800}\n10000 of 10000 sequences seen in epoch 0\n/,
  "stream.mjs": /^\d+ packs, 99\.\d % full\nthe same number after a restart: true\n$/,
};

const programs = readdirSync(folder).filter((name) => name.endsWith(".mjs"));

for (const program of programs) {
  test(`examples/${program} runs`, async (t) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], {
      cwd: folder,
    });
    t.is(stderr, "");
    t.regex(stdout, shown[program] ?? /./);
  });
}
