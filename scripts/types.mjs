// Rolls the declarations of ts/index.ts up into index.d.ts, and those of the rooms beside it into files
// like it: the whole typed surface of each in one file, committed, so that a change of the surface shows
// in a diff. `--check` writes nothing and fails if a file is out of date.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateDtsBundle } from "dts-bundle-generator";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

const banner = (room) =>
  `// The whole public surface of stowage${room}. Made from ts/ by \`npm run build:types\`.\n\n`;
console.log = () => {}; // the generator reports its steps

/** The declarations of an entry, rolled up and formatted. */
function rolled(file, room, entry) {
  const output = { noBanner: true, exportReferencedTypes: false };
  const [bundle] = generateDtsBundle([{ ...entry, output }], entry.compilation);
  const spaced = (banner(room) + bundle).replace(/([;}])\n(?=\/\*\*|export |type )/g, "$1\n\n");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["node_modules/@biomejs/biome/bin/biome", "format", `--stdin-file-path=${file}`],
    { input: spaced, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`biome could not format ${file}: ${stderr}`);
  return stdout;
}

/** Writes a file, or with `--check` says whether it is what it should be. */
function settle(file, text) {
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    console.error(`${file} is out of date: run \`npm run build:types\` and commit it`);
    process.exitCode = 1;
  }
}

const main = rolled("index.d.ts", "", {
  filePath: "ts/index.ts",
  compilation: { preferredConfigPath: "tsconfig.json" },
});
settle("index.d.ts", main);

// The rooms beside import the package by its name, and so do their declarations: for the generator it
// stands where an installed package would, with the surface that was just made.
const scratch = mkdtempSync(join(process.cwd(), "node_modules", ".types-"));
try {
  const installed = join(scratch, "node_modules", "stowage");
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, "index.d.ts"), main);
  const config = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const compilerOptions = {
    ...config.compilerOptions,
    rootDir: process.cwd(),
    typeRoots: [join(process.cwd(), "node_modules", "@types")],
    paths: {
      stowage: [join(installed, "index.d.ts")],
      "stowage/report": [join(installed, "report.d.ts")],
    },
  };
  const path = join(scratch, "tsconfig.json");
  writeFileSync(path, JSON.stringify({ compilerOptions, include: [join(process.cwd(), "ts")] }));
  for (const room of ["report", "desk", "job"]) {
    const filePath = `ts/${room}/${room}.ts`;
    if (!existsSync(filePath)) continue;
    const entry = { filePath, compilation: { preferredConfigPath: path } };
    const text = rolled(`${room}.d.ts`, `/${room}`, entry);
    settle(`${room}.d.ts`, text);
    // The desk takes types of the report, which stands before it in the list.
    writeFileSync(join(installed, `${room}.d.ts`), text);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
