// Everything that a binary must do, done by its platform's Node in a folder of its own: smoke.cjs, then
// the command line, which packs and verifies. What must be equal on all platforms comes back in digests.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  cpSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { manifest } from "../release/platforms.mjs";
import { empty, out, root } from "../release/shell.mjs";

const here = (path) => fileURLToPath(new URL(path, root));

/** The package in a folder as npm would install it, with the binary of one platform. */
function install({ name, file }, binary, folder) {
  const packages = join(empty(folder), "node_modules");
  const own = join(packages, manifest.name);
  const tops = manifest.files.map((path) => path.split("/")[0]);
  for (const path of new Set([...tops, "package.json"]))
    cpSync(here(path), join(own, path), { recursive: true });
  const platform = join(packages, `${manifest.name}-${name}`);
  cpSync(here(`npm/${name}`), platform, { recursive: true });
  copyFileSync(binary, join(platform, file));
  // Without a manifest of its own, the folder would be this package, and find the repository's code.
  writeFileSync(join(folder, "package.json"), "{}");
  copyFileSync(here("scripts/platforms/smoke.cjs"), join(folder, "smoke.cjs"));
  copyFileSync(here("examples/data/python-docs.jsonl"), join(folder, "source.jsonl"));
}

/** Runs the platform's Node in the folder; what it prints goes to files, since Wine has no pipes. */
function node({ start, env = {}, place }, folder, args) {
  const said = join(folder, "said.txt");
  const file = openSync(said, "w");
  const [command, ...first] = start;
  // In a root of its own, paths are seen from there, and Node begins at its top.
  const inside = place ? ["/stowage/enter.cjs", ...args] : args;
  if (place) writeFileSync(join(folder, "enter.cjs"), enter);
  const { status, signal } = spawnSync(command, [...first, ...inside], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", file, file],
    timeout: 1_800_000,
  });
  closeSync(file);
  if (status !== 0)
    throw new Error(
      `${args.join(" ")} ended with ${status ?? signal}: ${readFileSync(said, "utf8")}`,
    );
  return readFileSync(said, "utf8").trim();
}

/** Goes to the folder of the test, then runs a program as if it had been started there. */
const enter = `const { resolve } = require("node:path");
process.chdir(__dirname);
process.argv.splice(1, 1);
process.argv[1] = resolve(process.argv[1]);
require(process.argv[1]);
`;

const CLI = `node_modules/${manifest.name}/dist/cli/main.js`;
const source = ["--input", "source.jsonl", "--quiet"];
const packing = ["source.jsonl", "--capacity", "2048", "--overlong", "split", "--quiet"];

/** Does everything there is to do with a binary; gives back what must be equal. */
export function exercise(platform, binary, found) {
  const folder = found.place?.("stowage") ?? out(`load/${platform.name}`);
  install(platform, binary, folder);
  const from = Date.now();
  node(found, folder, ["smoke.cjs", "result.json"]);
  const { equal, ...seen } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
  node(found, folder, [CLI, "pack", ...packing, "--output", "outputs/by-cli"]);
  node(found, folder, [CLI, "verify", "outputs/by-cli", ...source]);
  const strategies = node(found, folder, [CLI, "strategies"]);
  if (!strategies.includes("best-fit-decreasing")) throw new Error("the command line says nothing");
  const seconds = Math.round((Date.now() - from) / 1000);
  return { seen: { ...seen, seconds }, equal: { ...equal, files: files(join(folder, "outputs")) } };
}

/** The digest of every file below a folder, by its path. */
function files(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((path) => join(folder, path));
  const found = paths.filter((path) => statSync(path).isFile()).sort();
  const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(
    found.map((path) => [relative(folder, path).replaceAll("\\", "/"), digest(path)]),
  );
}

/** Throws where two results differ, naming the first place. */
export function compare(expected, found, path = "") {
  if (typeof expected !== "object" || typeof found !== "object") {
    if (expected !== found) throw new Error(`${path}: ${found}, the host has ${expected}`);
    return 1;
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
  let compared = 0;
  for (const key of keys) compared += compare(expected[key], found[key], `${path} ${key}`.trim());
  return compared;
}
