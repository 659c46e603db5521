// Tab completion in real shells, on terminals of their own; where a shell isn't installed, that is said.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "stowage-completion-"));
test.after.always(() => rmSync(folder, { recursive: true }));

// `stowage` on the path, as after a global installation; and files to complete.
const bin = join(folder, "bin");
mkdirSync(join(folder, "outputs"), { recursive: true });
mkdirSync(bin);
writeFileSync(join(folder, "tokens.jsonl"), "");
writeFileSync(join(folder, "2-files.jsonl"), "");
writeFileSync(join(bin, "stowage"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
chmodSync(join(bin, "stowage"), 0o755);
const env = { PATH: `${bin}:${process.env.PATH}`, HOME: folder, TERM: "xterm", LC_ALL: "C.UTF-8" };

const has = (command: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${command}`], { env }).status === 0;

function complete(...words: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, "complete", "--", ...words],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0]!]));
}

test("verbs, options, values and files are told apart", (t) => {
  t.true(complete("").includes("pack"));
  t.false(complete("").includes("complete"), "the verb of the scripts is nobody's");
  t.deepEqual(complete("ver"), ["verify"]);
  t.deepEqual(complete("help", "st").sort(), ["stats", "strategies", "stream"]);
  t.deepEqual(complete("pack", "--form"), ["--format"]);
  t.deepEqual(complete("pack", "--format", "p"), ["parquet"]);
  t.deepEqual(complete("pack", "-f", "par"), ["parquet"]);
  t.deepEqual(complete("pack", "--format=p"), ["--format=parquet"]);
  t.deepEqual(complete("pack", "--format", "=", "p"), ["parquet"], "as bash takes it apart");
  t.deepEqual(complete("pack", "--format", "="), complete("pack", "--format", ""));
  t.deepEqual(complete("pack", "x", "-s", "best-fit-"), ["best-fit-decreasing"]);
  t.deepEqual(complete("stats", "x", "-s", "auto,next"), ["auto,next-fit"]);
  t.deepEqual(complete("pack", ""), [":files"]);
  t.deepEqual(complete("pack", "a.jsonl", ""), [":files"]);
  t.deepEqual(complete("pack", "a.jsonl", "--output", "o"), [":folders"]);
  t.deepEqual(complete("verify", "packed", "--input", "a", ""), [":files"]);
  t.deepEqual(complete("verify", ""), [":files"]);
  t.deepEqual(complete("pack", "a.jsonl", "--capacity", ""), [], "nobody can guess a number");
  t.deepEqual(complete("strategies", ""), []);
  t.deepEqual(complete("completion", ""), ["bash", "zsh", "fish"]);
});

test("an option that is given is not offered again, unless it takes several values", (t) => {
  t.false(complete("pack", "--capacity", "8", "--c").includes("--capacity"));
  t.false(complete("pack", "-c", "8", "--c").includes("--capacity"));
  t.true(complete("prepare", "--input", "a", "--i").includes("--input"));
});

test("words with signs of the shell are words, whatever they ask for", (t) => {
  const touched = join(folder, "touched");
  complete("pack", `$(touch ${touched})`, `;touch ${touched}`, "");
  t.throws(() => rmSync(touched));
});

for (const shell of ["bash", "zsh", "fish"]) {
  test(`the script for ${shell} is one that it can read`, (t) => {
    if (!has(shell)) return t.pass(`${shell} isn't installed`);
    const script = spawnSync(process.execPath, [main, "completion", shell], { encoding: "utf8" });
    t.is(script.status, 0, script.stderr);
    const path = join(folder, `script.${shell}`);
    writeFileSync(path, script.stdout);
    const { status, stderr } = spawnSync(shell, ["-n", path], { env, encoding: "utf8" });
    t.is(status, 0, stderr);
  });
}

const KEY_CASES: readonly (readonly [typed: string, shown: string])[] = [
  ["stowage ver\t", "stowage verify "],
  ["stowage pack --forma\t", "stowage pack --format "],
  ["stowage pack --format saf\t", "stowage pack --format safetensors "],
  ["stowage pack tok\t", "stowage pack tokens.jsonl "],
  ["stowage pack 2-\t", "stowage pack 2-files.jsonl "],
  ["stowage pack tokens.jsonl -o out\t", "-o outputs/"],
];

/** Types into an interactive shell on a terminal, and waits until it shows what is expected. */
class Terminal {
  screen = "";
  readonly #child: ChildProcess;

  constructor(shell: string) {
    this.#child = spawn("script", ["-qfec", shell, "/dev/null"], { cwd: folder, env });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.screen += text;
    });
  }

  async type(keys: string, shown: string): Promise<boolean> {
    this.screen = "";
    this.#child.stdin?.write(keys);
    // A shell on a busy machine takes its time; what never comes ends the test.
    for (let waited = 0; waited < 60_000; waited += 50) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told beside its text
      const text = this.screen.replace(/\x1b\[[0-9;?]*[A-Za-z]|\r|\x07/g, "");
      if (text.includes(shown)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}

for (const [shell, start, setUp] of [
  ["bash", "bash --norc --noprofile -i", 'eval "$(stowage completion bash)"; PS1=; echo rea""dy\n'],
  [
    "zsh",
    "zsh -f -i",
    'autoload -U compinit; compinit -u; eval "$(stowage completion zsh)"; PS1=; unsetopt zle_bracketed_paste; echo rea""dy\n',
  ],
] as const) {
  test.serial(`the Tab key completes in ${shell}`, async (t) => {
    t.timeout(300_000);
    if (!has(shell) || !has("script")) return t.pass(`${shell} or script isn't installed`);
    const terminal = new Terminal(start);
    try {
      t.true(await terminal.type(setUp, "ready"), terminal.screen);
      for (const [typed, shown] of KEY_CASES) {
        t.true(await terminal.type(typed, shown), `${typed}: ${JSON.stringify(terminal.screen)}`);
        await terminal.type("\u0015", ""); // Ctrl-U: an empty line for the next one
      }
    } finally {
      terminal.close();
    }
  });
}

test("fish completes the same", (t) => {
  if (!has("fish")) return t.pass("fish isn't installed");
  for (const [typed, shown] of KEY_CASES) {
    const line = typed.replace("\t", "");
    const command = `stowage completion fish | source; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", command], {
      ...{ cwd: folder, env },
      encoding: "utf8",
    });
    t.is(stderr, "");
    const words = stdout.split("\n").map((each) => each.split("\t")[0]);
    t.true(words.includes(shown.trim().split(" ").at(-1)!), `${line}: ${stdout}`);
  }
});
