// Publishes what stage.mjs has made: node scripts/release/publish.mjs [--dry-run]
// Platform packages first, the root last: publication is not atomic, and nobody should get a root
// without binaries. What the registry has already is passed over, so that a release that broke off
// half-way goes on where it stopped.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { manifest, platforms } from "./platforms.mjs";
import { empty, out, output, present, program, run } from "./shell.mjs";

/** Publishes the packages, or with `dryRun` shows what would be; then some platforms may be absent. */
export function publish({ dryRun }) {
  const { name, version } = manifest;
  const packages = [...platforms.map((platform) => `${name}-${platform.name}`), name];
  const tarball = (called) => join(out("tarballs"), `${called}-${version}.tgz`);
  const missing = packages.filter((called) => !existsSync(tarball(called)));
  if (missing.length > 0 && (!dryRun || missing.includes(name)))
    throw new Error(`nothing is published, since ${missing.join(", ")} is not there`);

  // A version such as 1.0.0-rc.1 isn't what `npm install` should give.
  const tag = version.includes("-") ? "next" : "latest";
  const options = ["--access", "public", "--tag", tag, "--ignore-scripts"];
  // npm proves where a package was built, where the workflow's identity can be asked for.
  if (process.env.ACTIONS_ID_TOKEN_REQUEST_URL) options.push("--provenance");
  if (dryRun) options.push("--dry-run");
  for (const called of packages.filter((each) => !missing.includes(each))) {
    if (!dryRun && isThere(called, version)) {
      console.log(`${called}@${version} is there already`);
      continue;
    }
    run("npm", ["publish", tarball(called), ...options], { env: access() });
  }
}

/** npm's settings with the token of NODE_AUTH_TOKEN, for whatever registry npm is set up with. */
function access() {
  if (!process.env.NODE_AUTH_TOKEN) return {};
  const registry = output("npm", ["config", "get", "registry"]).replace(/^https?:|\/*$/g, "");
  const file = join(empty(out("npm")), "npmrc");
  writeFileSync(file, `${registry}/:_authToken=\${NODE_AUTH_TOKEN}\n`);
  return { NPM_CONFIG_USERCONFIG: file };
}

/** True if the registry has this version; npm's exit code differs between its versions. */
function isThere(name, version) {
  const asked = ["view", `${name}@${version}`, "version"];
  return present("npm", asked) && output("npm", asked) === version;
}

await program(import.meta.url, (args) => {
  const { values } = parseArgs({ args, options: { "dry-run": { type: "boolean" } } });
  publish({ dryRun: values["dry-run"] ?? false });
});
