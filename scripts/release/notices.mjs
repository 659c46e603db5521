// The licences of the Rust crates inside a binary, as their authors ask: one text per platform, since
// each has crates of its own. Kept here and not left to a tool, because those that know crates don't
// know the C library inside one of them (zstd), and take minutes to build.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { named } from "./platforms.mjs";
import { output, program, root } from "./shell.mjs";

const LICENCE = /^(licen[cs]e|copying|notice|copyright|unlicense)/i;
const RULE = `\n\n${"-".repeat(72)}\n\n`;

/** Crates published without the licence text of their repository, and where that text is at hand. */
const elsewhere = {
  "alloc-stdlib": { crate: "alloc-no-stdlib" },
  flatbuffers: { crate: "crc32fast", file: "LICENSE-APACHE" },
  napi: { file: "node_modules/@napi-rs/cli/LICENSE" },
  "napi-sys": { file: "node_modules/@napi-rs/cli/LICENSE" },
};

/** All crates whose code is in the binary for a target, without those of this repository. */
export function crates(target) {
  const filter = ["--format-version", "1", "--locked", "--filter-platform", target];
  const { packages, resolve } = JSON.parse(output("cargo", ["metadata", ...filter]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const known = new Map(packages.map((crate) => [crate.id, crate]));
  const runsInCompiler = ({ targets }) => targets.some(({ kind }) => kind.includes("proc-macro"));
  const inside = new Set();
  const visit = (id) => {
    if (inside.has(id) || runsInCompiler(known.get(id))) return;
    inside.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps)
      if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg);
  };
  visit(resolve.root);
  return packages
    .filter(({ id, source }) => inside.has(id) && source !== null)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The text that goes with the binary for a target: each licence once, below those that share it. */
export function notices(target) {
  const all = crates(target);
  const owners = new Map();
  for (const crate of all) {
    for (const text of licences(crate, all)) owners.set(text, [...(owners.get(text) ?? []), crate]);
  }
  const title = ({ name, version, license }) => `${name} ${version} (${license})`;
  const opening =
    "The binary of stowage holds the crates below and Rust's standard library\n" +
    "(MIT OR Apache-2.0, the Rust project contributors). Their licences follow.";
  const texts = [...owners].map(([text, of]) => `${of.map(title).join("\n")}\n\n${text}`);
  return `${[opening, ...texts].join(RULE)}\n`;
}

/** The licence texts of a crate, and of what lies bundled one folder below. */
function licences(crate, all) {
  const folder = dirname(crate.manifest_path);
  const found = [folder, ...folders(folder)].flatMap(inFolder);
  if (found.length > 0) return found;
  const { crate: other, file } = elsewhere[crate.name] ?? {};
  if (other === undefined && file === undefined) {
    const { name, version, license } = crate;
    throw new Error(`${name} ${version} (${license}) brings no licence text: say where it stands`);
  }
  if (other === undefined) return [read(fileURLToPath(new URL(file, root)))];
  const holder = all.find(({ name }) => name === other);
  if (holder === undefined) throw new Error(`${other}, whose text ${crate.name} shares, is gone`);
  return file ? [read(join(dirname(holder.manifest_path), file))] : licences(holder, all);
}

/** Where a licence can be chosen, COPYING tells of the choice (zstd: BSD, not GPL): the chosen counts. */
function inFolder(folder) {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE.test(entry.name))
    .map((entry) => entry.name);
  const chosen = files.filter((name) => !/^copying/i.test(name));
  return (chosen.length > 0 ? chosen : files).map((name) => read(join(folder, name)));
}

/** Lines end alike, so that equal texts are equal. */
const read = (path) => readFileSync(path, "utf8").replaceAll("\r\n", "\n").trim();

const folders = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "tests")
    .map((entry) => join(folder, entry.name));

await program(import.meta.url, (names) => {
  for (const { target } of named(names)) console.log(notices(target));
});
