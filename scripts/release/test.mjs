// Tests what will be published on the system that runs this: node scripts/release/test.mjs
// Takes the tarballs in out/tarballs/ and builds nothing. First they are used as a stranger would; then
// their outputs must be those of the machine that made out/expected.json, byte by byte.
// --suite: also all specs of __test__/, with the published binary in the place of one built here.
// --in IMAGE: the same in a container (docker), for systems that no runner has.
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compare, exercise } from "../platforms/exercise.mjs";
import { host, manifest, named } from "./platforms.mjs";
import { out, program, root, run } from "./shell.mjs";
import { packages } from "./tools.mjs";

const here = (path) => fileURLToPath(new URL(path, root));

/** Lays the published binary, loader and code where a build would have left them. */
function layOut() {
  const { file, name } = named([host()])[0];
  const work = mkdtempSync(join(tmpdir(), "stowage-published-"));
  const unpack = (called) => {
    const tarball = join(out("tarballs"), `${called}-${manifest.version}.tgz`);
    run("tar", ["xzf", tarball, "-C", work]);
    return join(work, "package");
  };
  const own = unpack(manifest.name);
  copyFileSync(join(own, "native.js"), here("native.js"));
  rmSync(here("dist"), { recursive: true, force: true });
  cpSync(join(own, "dist"), here("dist"), { recursive: true });
  for (const old of readdirSync(here(".")).filter((entry) => entry.endsWith(".node")))
    rmSync(here(old));
  copyFileSync(join(unpack(`${manifest.name}-${name}`), file), here(file));
  rmSync(work, { recursive: true });
}

/** Holds the outputs of the published binary against those of another machine. */
function sameOutputs() {
  const own = named([host()])[0];
  const binary = here(own.file);
  const { seen, equal } = exercise(own, binary, { start: [process.execPath] });
  const compared = compare(JSON.parse(readFileSync(out("expected.json"), "utf8")), equal);
  console.log(`${own.name}, Node ${seen.node}: ${compared} digests as on the machine that packed`);
}

await program(import.meta.url, (args) => {
  const options = { suite: { type: "boolean" }, in: { type: "string" } };
  const { values } = parseArgs({ args, options });
  packages();
  if (values.in) {
    const mount = ["--volume", `${here(".")}:/stowage`, "--workdir", "/stowage"];
    run("docker", ["run", "--rm", ...mount, values.in, "node", "scripts/release/test.mjs"]);
    return;
  }
  run(process.execPath, ["scripts/check-package.mjs"]);
  layOut();
  sameOutputs();
  if (values.suite) run("npx", ["ava"]);
});
