// `npm run test:runtimes`: what would be published, installed into an empty folder and used by Node 20,
// 22, 24 and 26, Bun and Deno, each as its package on npm brings it. The README's first example is run
// as it stands there, then `use.mjs`, then the command line. Needs a built binary and dist/.
//
// STOWAGE_CACHE names a folder where the runtimes are kept (default: a temporary one). Arguments
// choose some: `npm run test:runtimes -- bun node20`.
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTarballs } from "./tarballs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const windows = process.platform === "win32";

/** Package of a runtime, its program in there, and how it runs a file. */
const node = (version) => [`node@${version}`, "node/bin/node", []];
const runtimes = {
  node20: node(20),
  node22: node(22),
  node24: node(24),
  node26: node(26),
  bun: ["bun@1", "bun/bin/bun.exe", []],
  deno: ["deno@2", ".bin/deno", ["run", "--quiet", "--allow-all", "--node-modules-dir=manual"]],
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in runtimes));
if (unknown.length > 0)
  throw new Error(
    `there is no ${unknown.join(", ")}; choose among ${Object.keys(runtimes).join(", ")}`,
  );

const work = mkdtempSync(join(tmpdir(), "stowage-runtimes-"));
const cache = join(resolve(process.env.STOWAGE_CACHE ?? work), "runtimes");

/** The program of a runtime, installed once. */
function installed(name, spec, path) {
  const folder = join(cache, name);
  const program = join(folder, "node_modules", path);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", spec], {
    ...{ cwd: folder, stdio: "inherit", shell: windows },
  });
  return program;
}

/** The first example of the README, from its own heading on. */
function firstExample() {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const [, code] = /^## Use\n.*?^```js\n(.*?)^```/ms.exec(text) ?? [];
  if (code === undefined) throw new Error("the README has no example under `## Use`");
  return code;
}

const failures = [];
try {
  const user = join(work, "user");
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), "{}");
  const tarballs = makeTarballs(work);
  execFileSync(
    "npm",
    ["install", "--silent", "--offline", "--ignore-scripts", "--no-audit", ...tarballs],
    { cwd: user, shell: windows },
  );
  copyFileSync(join(root, "examples/data/python-docs.jsonl"), join(user, "source.jsonl"));
  copyFileSync(join(here, "use.mjs"), join(user, "use.mjs"));
  writeFileSync(join(user, "readme.mjs"), firstExample());
  const cli = join("node_modules", "stowage", "dist", "cli", "main.js");
  const pack = ["pack", "source.jsonl", "--capacity", "2048", "--overlong", "split", "--overwrite"];
  const programs = [
    ["README", "readme.mjs", []],
    ["use.mjs", "use.mjs", [], "ok\n"],
    ["pack", cli, [...pack, "--output", "by-cli", "--quiet"], ""],
    ["verify", cli, ["verify", "by-cli", "--input", "source.jsonl", "--quiet"], ""],
  ];
  for (const [name, [spec, path, flags]] of Object.entries(runtimes)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const program = installed(name, spec, path);
    const version = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.split("\n")[0];
    const wrong = [];
    for (const [what, file, args, expected] of programs) {
      const { status, stdout, stderr, error } = spawnSync(program, [...flags, file, ...args], {
        ...{ cwd: user, encoding: "utf8", timeout: 300_000 },
      });
      if (status === 0 && (expected === undefined || stdout === expected)) continue;
      wrong.push(`${what}: ${error?.message ?? `${status} ${stdout}${stderr}`.slice(0, 2000)}`);
    }
    console.log(
      `${name} (${version}): ${wrong.length === 0 ? "ok" : `FAILED\n${wrong.join("\n")}`}`,
    );
    if (wrong.length > 0) failures.push(name);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.error(`runtimes: FAILED: ${failures.join(", ")}`);
  process.exit(1);
}
