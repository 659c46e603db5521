// `stowage desk` as a process: what it prints, how the browser is told, how it ends.

import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import test from "ava";
import { writeLong } from "../fixtures/desk-contract.js";

const main = join(import.meta.dirname, "../../dist/cli/main.js");
const posix = process.platform !== "win32";

interface Started {
  child: ChildProcess;
  url: string;
  call: (name: string, given?: object) => Promise<{ job: string; jobs: { running: boolean }[] }>;
  ended: Promise<number | null>;
  said: () => string;
}

/** Starts it; resolves when it has printed its address. */
async function started(
  folder: string,
  flags: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const child = spawn(process.execPath, [main, "desk", folder, ...flags], {
    env: { ...process.env, ...env },
  });
  let out = "";
  let error = "";
  child.stderr!.on("data", (part) => {
    error += part;
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on("data", (part) => {
      out += part;
      const found = /http:\/\/127\.0\.0\.1:\d+\/#t=[\w-]{43}/.exec(out);
      if (found) resolve(found[0]);
    });
    child.once("exit", () => reject(new Error(error)));
  });
  const [address, token] = url.split("/#t=") as [string, string];
  return {
    ...{ child, url, ended },
    said: () => error,
    call: async (name, given = {}) => {
      const answer = await fetch(`${address}/api/${name}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        body: JSON.stringify(given),
      });
      return (await answer.json()) as never;
    },
  };
}

const scratch = (): string => mkdtempSync(join(tmpdir(), "desk-cli-"));

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  (posix ? test : test.skip)(
    `${signal} ends it with ${code}, its jobs and its temporary files`,
    async (t) => {
      const folder = scratch();
      const temporary = scratch();
      t.teardown(() =>
        [folder, temporary].map((each) => rmSync(each, { recursive: true, force: true })),
      );
      writeLong(folder, 30_000);
      const before = readdirSync(folder);
      const { child, call, ended } = await started(folder, ["--no-open"], { TMPDIR: temporary });
      await call("pack", {
        input: "long.jsonl",
        output: "unwanted",
        format: "parquet",
        capacity: 4096,
      });
      t.true((await call("list")).jobs.some(({ running }) => running));
      child.kill(signal);
      t.is(await ended, code);
      t.deepEqual(readdirSync(folder), before);
      t.deepEqual(readdirSync(temporary), []);
    },
  );
}

(posix ? test : test.skip)(
  "the browser is given a file that forwards, and no argument has the key",
  async (t) => {
    const folder = scratch();
    const programs = join(folder, "programs");
    mkdirSync(programs);
    const heard = join(folder, "heard");
    for (const name of ["xdg-open", "open"]) {
      writeFileSync(
        join(programs, name),
        `#!/bin/sh\ncat "$1" > '${heard}.html'\nls -ln "$1" > '${heard}.mode'\nprintf '%s' "$*" > '${heard}'\n`,
      );
      chmodSync(join(programs, name), 0o755);
    }
    const env = { PATH: `${programs}${delimiter}${process.env.PATH}` };
    const { child, url, call, ended } = await started(folder, [], env);
    t.teardown(() => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    });
    for (let k = 0; k < 200 && !existsSync(heard); k++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const path = readFileSync(heard, "utf8");
    const [, token = ""] = url.split("#t=");
    t.false(path.includes(token));
    t.true(readFileSync(`${heard}.html`, "utf8").includes(url));
    t.regex(readFileSync(`${heard}.mode`, "utf8"), /^-rw------- /);
    t.true(existsSync(path));
    await call("list");
    t.false(existsSync(dirname(path)));
    child.kill("SIGINT");
    t.is(await ended, 130);
  },
);

test("a wrong port and a folder that isn't there are told with their exit codes", async (t) => {
  for (const [flags, folder, code, says] of [
    [["--port", "70000"], ".", 2, /ERR_OPTION/],
    [["--port", "x"], ".", 2, /ERR_USAGE/],
    [["--host", "0.0.0.0"], ".", 2, /ERR_USAGE/],
    [[], "gone", 1, /ERR_IO/],
  ] as const) {
    const child = spawn(process.execPath, [main, "desk", folder, "--no-open", ...flags]);
    let error = "";
    child.stderr.on("data", (part) => {
      error += part;
    });
    t.is(await new Promise((resolve) => child.once("close", resolve)), code);
    t.regex(error, says);
  }
});
