// Checks examples/desk as far as that goes without a running Electron: its types against Electron's own
// declarations, and what an archive of the app keeps outside. Fetches npm's `electron` without its
// binary, and @electron/asar, into a temporary folder.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const example = join(root, "examples/desk");
const work = mkdtempSync(join(tmpdir(), "stowage-desk-example-"));
const windows = process.platform === "win32";
const npm = (cwd, ...args) =>
  execFileSync("npm", args, {
    cwd,
    encoding: "utf8",
    shell: windows,
    stdio: ["ignore", "pipe", "inherit"],
  });

try {
  const { build, devDependencies } = JSON.parse(
    readFileSync(join(example, "package.json"), "utf8"),
  );
  const tools = join(work, "tools");
  mkdirSync(tools);
  writeFileSync(join(tools, "package.json"), "{}");
  const wanted = [
    `electron@${devDependencies.electron}`,
    `@types/node@${devDependencies["@types/node"]}`,
    "@electron/asar@3.4.1",
  ];
  npm(tools, "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted);

  // The app as it is packaged: its programs, the package as published, the binary of this machine.
  const app = join(work, "app");
  const modules = join(app, "node_modules");
  mkdirSync(modules, { recursive: true });
  const [{ filename }] = JSON.parse(
    npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", work),
  );
  execFileSync("tar", ["-xzf", filename], { cwd: work });
  cpSync(join(work, "package"), join(modules, "stowage"), { recursive: true });
  const binary = readdirSync(root).find((name) => name.endsWith(".node"));
  const platform = `stowage-${binary.split(".")[1]}`;
  mkdirSync(join(modules, platform));
  cpSync(join(root, binary), join(modules, platform, binary));
  writeFileSync(
    join(modules, platform, "package.json"),
    JSON.stringify({ name: platform, main: binary }),
  );
  for (const name of readdirSync(example).filter((name) => /\.ts$|^tsconfig/.test(name)))
    cpSync(join(example, name), join(app, name));
  cpSync(join(example, "package.json"), join(app, "package.json"));
  for (const name of ["electron", "@types", "undici-types"])
    cpSync(join(tools, "node_modules", name), join(modules, name), { recursive: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", app], { stdio: "inherit" });
  console.log(`types agree with Electron ${devDependencies.electron}`);

  for (const name of ["electron", "@types", "undici-types"])
    rmSync(join(modules, name), { recursive: true });
  for (const name of readdirSync(app)) if (/\.ts$|^tsconfig/.test(name)) rmSync(join(app, name));
  const asar = createRequire(join(tools, "x.js"))("@electron/asar");
  const archive = join(work, "app.asar");
  await asar.createPackageWithOptions(app, archive, { unpack: build.asarUnpack[0] });
  const unpacked = join(`${archive}.unpacked`);
  const outside = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath ?? entry.path, entry.name)));
  const expected = join("node_modules", platform, binary);
  if (outside.join() !== expected) throw new Error(`outside of the archive: ${outside.join(", ")}`);
  const inside = asar.listPackage(archive).map((name) => name.replaceAll("\\", "/"));
  for (const name of [
    "/out/main.js",
    "/out/preload.js",
    "/out/worker.js",
    "/node_modules/stowage/desk.js",
  ])
    if (!inside.includes(name)) throw new Error(`the archive lacks ${name}`);
  const sources = inside.filter((name) => /\.ts$/.test(name) && !name.endsWith(".d.ts"));
  if (sources.length > 0) throw new Error(`sources in the archive: ${sources.join(", ")}`);
  console.log(`outside of the archive is ${expected} alone`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
