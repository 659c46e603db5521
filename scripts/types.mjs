// Rolls the declarations of ts/index.ts up into index.d.ts: the whole typed surface in one file,
// committed, so that a change of the surface shows in a diff. `--check` writes nothing and fails
// if the file is out of date.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateDtsBundle } from "dts-bundle-generator";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

const entry = {
  filePath: "ts/index.ts",
  output: { noBanner: true, exportReferencedTypes: false },
};
console.log = () => {}; // the generator reports its steps
const [bundle] = generateDtsBundle([entry], { preferredConfigPath: "tsconfig.json" });
const banner =
  "// The whole public surface of stowage. Made from ts/ by `npm run build:types`.\n\n";
const spaced = (banner + bundle).replace(/([;}])\n(?=\/\*\*|export |type )/g, "$1\n\n");
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  ["node_modules/@biomejs/biome/bin/biome", "format", "--stdin-file-path=index.d.ts"],
  { input: spaced, encoding: "utf8" },
);
if (status !== 0) throw new Error(`biome could not format index.d.ts: ${stderr}`);

if (process.argv.includes("--check")) {
  if (readFileSync("index.d.ts", "utf8") !== stdout) {
    console.error("index.d.ts is out of date: run `npm run build:types` and commit it");
    process.exit(1);
  }
} else {
  writeFileSync("index.d.ts", stdout);
}
