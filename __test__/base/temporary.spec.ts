// A run of the tests leaves nothing in the temporary folder.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import test from "ava";

test("each test file has a temporary folder of its own", (t) => {
  t.regex(basename(tmpdir()), /^stowage-tests-/);
  t.is(dirname(mkdtempSync(join(tmpdir(), "one-"))), tmpdir());
});

for (const [name, end, signal] of [
  ["runs to its end", "", null],
  ["exits", "process.exit(3)", null],
  ["throws", "throw new Error('as asked')", null],
  [
    "is asked to stop",
    "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)",
    "SIGTERM",
  ],
  ["is interrupted", "process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000)", "SIGINT"],
] as const) {
  test(`nothing is left of a test file that ${name}`, (t) => {
    const outer = join(tmpdir(), name.replaceAll(" ", "-"));
    mkdirSync(outer);
    const program = `import { execFileSync } from "node:child_process";
      import { mkdtempSync, writeFileSync } from "node:fs";
      import { tmpdir } from "node:os";
      writeFileSync(mkdtempSync(tmpdir() + "/own-") + "/file", "x");
      const child = "require('node:fs').mkdtempSync(require('node:os').tmpdir() + '/child-')";
      execFileSync(process.execPath, ["-e", child]);
      ${end}`;
    const loaded = ["tsx", join(import.meta.dirname, "../fixtures/temporary.ts")];
    const run = spawnSync(
      process.execPath,
      [...loaded.map((each) => `--import=${each}`), "--input-type=module", "-e", program],
      { env: { ...process.env, TMPDIR: outer, TMP: outer, TEMP: outer }, encoding: "utf8" },
    );
    t.is(run.signal, signal, run.stderr);
    // The loader keeps what it has compiled.
    const left = readdirSync(outer).filter((each) => !each.startsWith("tsx-"));
    t.deepEqual(left, []);
  });
}
