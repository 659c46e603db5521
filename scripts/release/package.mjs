// From binaries to packages: node scripts/release/package.mjs [NAME…]
// Takes out/binaries/ with the loader that napi wrote beside them, compiles ts/, stages every package,
// lists what is inside, and holds the root against what resolvers and compilers expect.
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exercise } from "../platforms/exercise.mjs";
import { host, manifest, named } from "./platforms.mjs";
import { sbom } from "./sbom.mjs";
import { out, program, root, run } from "./shell.mjs";
import { stage } from "./stage.mjs";
import { packages } from "./tools.mjs";

/** Makes the packages of these platforms and the root; all that is published, checked. */
export function makePackages(chosen) {
  packages();
  collect();
  for (const name of ["native.js", "native.d.ts"]) {
    const made = join(out("binaries"), name);
    if (!existsSync(made)) throw new Error(`${made} is missing: build one platform first`);
    copyFileSync(made, fileURLToPath(new URL(name, root)));
  }
  run("npm", ["run", "--silent", "build:ts"]);
  const tarballs = stage(chosen);
  sbom(chosen);
  expectations();
  run("npx", ["publint", "--strict", out(`packages/${manifest.name}`)]);
  run("npx", ["attw", "--format", "ascii", tarballs.at(-1)]);
}

/** What this machine's binary does, for the tests on other systems to compare with. */
function expectations() {
  const own = named([host()])[0];
  const binary = join(out("binaries"), own.file);
  const { equal } = exercise(own, binary, { start: [process.execPath] });
  writeFileSync(out("expected.json"), JSON.stringify(equal));
}

/** Binaries that the workflow fetched lie in a folder per build; here they come together. */
function collect() {
  const fetched = out("fetched");
  if (!existsSync(fetched)) return;
  mkdirSync(out("binaries"), { recursive: true });
  for (const path of readdirSync(fetched, { recursive: true })) {
    const name = path.split(/[\\/]/).at(-1);
    if (/^(stowage\..*\.node|native\.js|native\.d\.ts)$/.test(name))
      copyFileSync(join(fetched, path), join(out("binaries"), name));
  }
}

await program(import.meta.url, (names) => makePackages(named(names)));
