// The scripts that make a release, where they refuse: a binary for another machine, a version that
// differs, a crate without its licence. That they make one is for `npm run check:package`.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";

const root = join(import.meta.dirname, "../..");

function script(name: string, ...args: string[]): { status: number | null; said: string } {
  const path = join(root, "scripts/release", name);
  const env = { ...process.env, GITHUB_REF_TYPE: "branch" };
  const run = spawnSync(process.execPath, [path, ...args], { cwd: root, encoding: "utf8", env });
  return { status: run.status, said: run.stdout + run.stderr };
}

const addon = "napi_register_module_v1";

/** A file with the first bytes of a format, a machine, and some text. */
function binary(format: "elf" | "mach-o" | "pe", machine: number, text: string): Buffer {
  const bytes = Buffer.alloc(256);
  if (format === "elf") {
    bytes.write("\x7fELF", "latin1");
    bytes.writeUInt16LE(machine, 18);
  } else if (format === "mach-o") {
    bytes.writeUInt32LE(0xfeedfacf);
    bytes.writeUInt32LE(machine, 4);
    // One load command: a library, named by the text.
    for (const [value, at] of [
      [1, 16],
      [0xc, 32],
      [224 + text.length, 36],
      [224, 40],
    ] as const)
      bytes.writeUInt32LE(value, at);
  } else {
    bytes.write("MZ", "latin1");
    bytes.writeUInt32LE(128, 0x3c);
    bytes.write("PE\0\0", 128, "latin1");
    bytes.writeUInt16LE(machine, 132);
  }
  return Buffer.concat([bytes, Buffer.from(text)]);
}

for (const [name, platform, bytes, refusal] of [
  ["a binary for its platform", "linux-x64-gnu", binary("elf", 0x3e, `${addon}\0GLIBC_2.17\0`)],
  ["musl without glibc", "linux-arm64-musl", binary("elf", 0xb7, addon)],
  ["Mach-O", "darwin-arm64", binary("mach-o", 0x0100000c, addon)],
  ["PE", "win32-x64-msvc", binary("pe", 0x8664, addon)],
  [
    "another machine",
    "linux-arm64-gnu",
    binary("elf", 0x3e, addon),
    /isn't made for linux-arm64-gnu/,
  ],
  ["another system", "linux-x64-gnu", binary("pe", 0x8664, addon), /isn't made for linux-x64-gnu/],
  ["no binary", "darwin-x64", Buffer.from("#!/bin/sh\necho no binary"), /isn't made for/],
  ["a library", "win32-arm64-msvc", binary("pe", 0xaa64, "Dll"), /is no Node-API addon/],
  [
    ...["a newer glibc", "linux-x64-gnu"],
    ...[binary("elf", 0x3e, `${addon}\0GLIBC_2.9\0GLIBC_2.18\0`), /needs glibc 2\.18; .* 2\.17/],
  ],
  ["musl with glibc", "linux-x64-musl", binary("elf", 0x3e, `${addon} GLIBC_2.2.5`), /needs glibc/],
  [
    ...["a framework", "darwin-x64"],
    ...[
      binary("mach-o", 0x01000007, `${addon} /CoreFoundation.framework/CoreFoundation`),
      /links a framework/,
    ],
  ],
] as [string, string, Buffer, RegExp?][]) {
  test(`a release ${refusal ? "refuses" : "takes"} ${name}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "stowage-release-"));
    try {
      const file = join(folder, "stowage.node");
      writeFileSync(file, bytes);
      const { status, said } = script("inspect.mjs", platform, file);
      t.is(status, refusal ? 1 : 0, said);
      t.regex(said, refusal ?? new RegExp(`^${platform}: `));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("a release has one version, and a tag that says another is refused", (t) => {
  t.is(script("version.mjs").status, 0);
  const { status, said } = script("version.mjs", "v99.0.0");
  t.is(status, 1);
  t.regex(said, /the tag v99\.0\.0: 99\.0\.0/);
});

test("licences name every crate in the bill of materials, and zstd's own", (t) => {
  const { status, said } = script("notices.mjs", "host");
  t.is(status, 0, said);
  t.regex(said, /Copyright \(c\) Meta Platforms/);
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  for (const crate of ["napi", "parquet", "rayon-core", "zstd-sys"]) {
    const version = new RegExp(`name = "${crate}"\\nversion = "(.+)"`).exec(lock)?.[1] ?? "absent";
    t.true(said.includes(`\n${crate} ${version} (`), crate);
  }
});

test("README says of each platform what its newest record says", (t) => {
  const folder = join(root, "benchmark/record");
  const record = readdirSync(folder)
    .filter((name) => name.startsWith("platforms-"))
    .sort()
    .at(-1);
  const readme = readFileSync(join(root, "README.md"), "utf8");
  t.true(readme.includes(`benchmark/record/${String(record)}`));
  const states = JSON.parse(readFileSync(join(folder, String(record)), "utf8")) as Record<
    string,
    { state: string; date: string }
  >;
  for (const name of readdirSync(join(root, "npm"))) {
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? "no row";
    const { state, date } = states[name] ?? { state: "not built", date: "yet" };
    t.true(row.includes(`| ${state} ${date}`), `${row}: ${state} ${date}`);
  }
});

test("each step of the workflow is a script that runs elsewhere too", (t) => {
  const folder = join(root, ".github/workflows");
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), "utf8").split("\n"),
  );
  const steps = lines.filter((line) => /^\s*-? ?run:/.test(line));
  t.true(steps.length > 5);
  for (const step of steps)
    t.regex(step, /run: (node scripts\/[\w/.-]+\.mjs|npm run --silent lint)/);
});
