// Compiles ts/ to dist/ and bundles the command line, whose libraries are needed to build only.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
  {
    stdio: "inherit",
  },
);
if (tsc.status !== 0) process.exit(1);

const inputs = {};
if (existsSync("ts/cli/main.ts")) {
  const { build, transform } = await import("esbuild");
  // Style sheets and scripts of pages are taken in as text, without their comments.
  const texts = {
    name: "texts",
    setup({ onLoad }) {
      onLoad({ filter: /\.(css|browser\.js)$/ }, async ({ path }) => {
        const loader = path.endsWith(".css") ? "css" : "js";
        const shorter = { loader, minifySyntax: true, minifyWhitespace: true };
        const { code } = await transform(readFileSync(path, "utf8"), shorter);
        return { contents: code.trim(), loader: "text" };
      });
    },
  };
  const options = {
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // The package itself, by its own name: whatever needs it gets what the user's `require` gets.
    external: ["stowage", "stowage/*"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "eof",
    logLevel: "warning",
    metafile: true,
    plugins: [texts],
  };
  // The desk shows the report's sections: it takes them from the report's bundle.
  const shared = {
    name: "shared",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.\/report\/\w+\.js$/ }, ({ resolveDir }) =>
        resolveDir.endsWith(join("ts", "desk"))
          ? { path: "../report/report.js", external: true }
          : undefined,
      );
    },
  };
  for (const [room, entry] of [
    ["report", "bundle"],
    ["desk", "desk"],
  ]) {
    const { metafile } = await build({
      ...options,
      entryPoints: [`ts/${room}/${entry}.ts`],
      outfile: `dist/${room}/${room}.js`,
      plugins: [shared, texts],
    });
    Object.assign(inputs, metafile.inputs);
  }
  // One copy of the library per process: the command line loads what `require("stowage")` loads,
  // so that its classes and its binary are the same. That holds for the steps of a job, too.
  const library = {
    name: "library",
    setup({ onResolve }) {
      onResolve({ filter: /\/(index|job)\.js$/ }, ({ path, resolveDir }) => {
        const from = relative(process.cwd(), join(resolveDir, path));
        const inside = [join("ts", "index.js"), join("ts", "job", "job.js")].includes(from);
        const found = relative("ts", from).replaceAll("\\", "/");
        return inside ? { path: `../${found}`, external: true } : undefined;
      });
    },
  };
  const { metafile } = await build({
    ...options,
    entryPoints: ["ts/cli/main.ts"],
    outfile: "dist/cli/main.js",
    loader: { ".bash": "text", ".zsh": "text", ".fish": "text" },
    plugins: [library, texts],
  });
  Object.assign(inputs, metafile.inputs);
  chmodSync("dist/cli/main.js", 0o755);
  writeFileSync("dist/cli/LICENSES.txt", notices(inputs));
}

/** The licences of the packages in the bundle: they ask to stand beside copies of their code. */
function notices(inputs) {
  const folders = Object.keys(inputs)
    .map((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
    .filter((folder) => folder !== undefined);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} brings no licence text`);
    const text = readFileSync(join(folder, file), "utf8").trim();
    return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
  });
  return texts.join(`\n${"-".repeat(72)}\n\n`);
}
