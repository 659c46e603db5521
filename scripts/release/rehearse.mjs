// A release on this machine, for its own platform, up to and without publication: what the workflow
// does, in its order and by its scripts. `npm run check:package`; with `--built`, out/binaries/ is
// taken as it is.
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { makePackages } from "./package.mjs";
import { host, named } from "./platforms.mjs";
import { publish } from "./publish.mjs";
import { program, run } from "./shell.mjs";
import { checkVersion } from "./version.mjs";

await program(import.meta.url, (args) => {
  const { values } = parseArgs({ args, options: { built: { type: "boolean" } } });
  const chosen = named([host()]);
  checkVersion();
  if (!values.built) for (const platform of chosen) build(platform, "release");
  makePackages(chosen);
  run(process.execPath, ["scripts/release/test.mjs"]);
  publish({ dryRun: true });
});
