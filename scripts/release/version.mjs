// One version everywhere: node scripts/release/version.mjs [TAG]   (in a workflow: the tag it runs for)
// The root, the platform packages, the crates, the lock file and, for a release, the tag `vX.Y.Z` and
// the section of CHANGELOG.md. A release that says one thing and holds another can't be taken back.
import { readFileSync } from "node:fs";
import { manifest, platforms } from "./platforms.mjs";
import { program, root } from "./shell.mjs";

const text = (path) => readFileSync(new URL(path, root), "utf8");

/** Throws where a version differs from that of package.json; `tag` is undefined without a release. */
export function checkVersion(tag) {
  const { name, version } = manifest;
  const found = [
    ["Cargo.toml", /\[workspace\.package\]\s+version = "(.+)"/.exec(text("Cargo.toml"))?.[1]],
    ["Cargo.lock", /name = "stowage-node"\s+version = "(.+)"/.exec(text("Cargo.lock"))?.[1]],
    ["package-lock.json", JSON.parse(text("package-lock.json")).version],
    ...platforms.map((platform) => {
      const path = `npm/${platform.name}/package.json`;
      const { name: called, version: has, main } = JSON.parse(text(path));
      if (called !== `${name}-${platform.name}` || main !== platform.file)
        throw new Error(`${path} is for ${called} with ${main}`);
      return [path, has];
    }),
  ];
  if (tag !== undefined) {
    found.push([`the tag ${tag}`, tag.replace(/^v/, "")]);
    const section = text("CHANGELOG.md").includes(`\n## [${version}]`)
      ? version
      : "no such section";
    found.push(["CHANGELOG.md", section]);
  }
  const others = found.filter(([, has]) => has !== version);
  if (others.length > 0) {
    const list = others.map(([where, has]) => `${where}: ${has}`).join("; ");
    throw new Error(`package.json says ${version}, but ${list}`);
  }
  console.log(`${version} in ${found.length + 1} places`);
}

await program(import.meta.url, ([tag]) => {
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;
  checkVersion(tag ?? (GITHUB_REF_TYPE === "tag" ? GITHUB_REF_NAME : undefined));
});
