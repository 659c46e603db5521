// Checks the workflows in .github/: that actionlint finds nothing, and that each `run:` is one call of
// a script of this repository, which is run here too. What stands in YAML alone rots unseen.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { program, root, run } from "./shell.mjs";
import { actionlint } from "./tools.mjs";

const folder = new URL(".github/workflows/", root);

await program(import.meta.url, () => {
  for (const name of readdirSync(folder)) {
    const text = readFileSync(new URL(name, folder), "utf8");
    for (const [, command] of text.matchAll(/^\s*(?:- )?run: (.*)$/gm)) {
      const script = /^node (scripts\/[\w./-]+\.mjs)( [^|;&>]*)?$/.exec(command)?.[1];
      const called = script !== undefined && existsSync(new URL(script, root));
      if (!called && command !== "npm run --silent lint")
        throw new Error(`${name}: \`${command}\` isn't a call of a script`);
    }
  }
  const paths = readdirSync(folder).map((name) => fileURLToPath(new URL(name, folder)));
  run(actionlint(), ["-color", ...paths]);
  console.log(`actionlint finds nothing in ${paths.length} workflows`);
});
