// Makes the packages as they are published: node scripts/release/stage.mjs [NAME…]
// Takes out/binaries/ and dist/, leaves a folder per package in out/packages/ and tarballs in
// out/tarballs/: the platforms' first, in the order of publication.
//
// The root's manifest is made here: it names all platform packages, so that npm takes the one that
// fits, and no script nor development dependency, which a user can't run.
import { copyFileSync, cpSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "./inspect.mjs";
import { notices } from "./notices.mjs";
import { limits, manifest, named, platforms } from "./platforms.mjs";
import { empty, out, output, program, root } from "./shell.mjs";

const here = (path) => fileURLToPath(new URL(path, root));

/** Stages the root package and those of the platforms; the paths of the tarballs, root last. */
export function stage(chosen) {
  const tarballs = empty(out("tarballs"));
  empty(out("packages"));
  return [...chosen.map(stagePlatform), stageRoot()].map(({ folder, files, expected, limit }) => {
    const packed = ["pack", "--json", "--ignore-scripts", "--pack-destination", tarballs];
    const [{ filename, files: inside }] = JSON.parse(output("npm", packed, { cwd: folder }));
    const paths = inside.map(({ path }) => path);
    const extra = paths.filter((path) => !files(path));
    if (extra.length > 0) throw new Error(`${filename} holds ${extra.join(", ")}`);
    const missing = expected.filter((path) => !paths.includes(path));
    if (missing.length > 0) throw new Error(`${filename} lacks ${missing.join(", ")}`);
    const path = join(tarballs, filename);
    const size = Math.ceil(statSync(path).size / 1024);
    if (size > limit) throw new Error(`${filename} has ${size} KiB, more than ${limit}`);
    console.log(`${filename}: ${inside.length} files, ${size} KiB`);
    return path;
  });
}

function stageRoot() {
  const folder = empty(out(`packages/${manifest.name}`));
  const outside = manifest.files.filter((path) => !path.startsWith("dist/")).flatMap(matches);
  // Types are in index.d.ts, rolled up; npm would take dist/index.d.ts for that of the root.
  const filter = (path) => !/dist\b.*\.d\.ts$/.test(path);
  for (const name of [...outside, "README.md", "LICENSE", "dist"]) {
    if (!existsSync(here(name))) throw new Error(`${name} is missing: build first`);
    cpSync(here(name), join(folder, name), { recursive: true, filter });
  }
  const { scripts: _, devDependencies: __, ava: ___, napi: ____, ...published } = manifest;
  published.optionalDependencies = Object.fromEntries(
    platforms.map(({ name }) => [`${manifest.name}-${name}`, manifest.version]),
  );
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  const expected = [
    ...[...outside, ...manifest.files.filter((path) => !path.includes("*"))],
    ...["README.md", "LICENSE", "package.json", manifest.bin.stowage],
  ];
  // What was compiled has its source in ts/.
  const source = (path) => here(path.replace(/^dist(.*)\.js$/, "ts$1.ts"));
  const files = (path) =>
    expected.includes(path) || (/^dist\/.*\.js$/.test(path) && existsSync(source(path)));
  return { folder, files, expected, limit: limits.root };
}

/** The files that an entry of the manifest's list means: a path, or `FOLDER/*.ENDING`. */
function matches(entry) {
  const [, folder, ending] = /^([^*]+)\/\*(\.[^*]+)$/.exec(entry) ?? [];
  if (folder === undefined) return [entry];
  const found = readdirSync(here(folder)).filter((name) => name.endsWith(ending));
  return found.map((name) => `${folder}/${name}`);
}

function stagePlatform(platform) {
  const { name, file, target } = platform;
  const binary = join(out("binaries"), file);
  if (!existsSync(binary)) throw new Error(`no binary for ${name}: ${binary} is missing`);
  console.log(inspect(binary, platform));
  const { size } = statSync(binary);
  if (size > limits.binary)
    throw new Error(`${binary} has ${size} bytes, more than ${limits.binary}`);
  const folder = empty(out(`packages/${manifest.name}-${name}`));
  cpSync(here(`npm/${name}`), folder, { recursive: true });
  copyFileSync(binary, join(folder, file));
  copyFileSync(here("LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "LICENSES.txt"), notices(target));
  const expected = ["LICENSE", "LICENSES.txt", "README.md", "package.json", file];
  const files = (path) => expected.includes(path);
  return { folder, files, expected, limit: limits.platform };
}

await program(import.meta.url, (names) => {
  stage(named(names));
});
