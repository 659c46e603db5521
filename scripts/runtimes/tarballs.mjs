// The two tarballs that an installation on this platform takes: the root package as it leaves
// `napi prepublish`, and the package of the binary that was built here.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const windows = process.platform === "win32";

/** Packs both into `folder`; gives their paths. Needs a built binary and dist/. */
export function makeTarballs(folder) {
  const built = readdirSync(root).filter((name) => /^stowage\..*\.node$/.test(name));
  // Those of other platforms may lie there, too: this one's name begins with what Node calls it.
  const own = built.find((name) => name.includes(`.${process.platform}-${process.arch}`));
  if (own === undefined) throw new Error("no binary: run `npm run build` first");
  const platform = own.slice("stowage.".length, -".node".length);
  const staged = join(folder, "staged");
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const tops = manifest.files.map((file) => file.split("/")[0]);
  for (const name of new Set([...tops, "README.md", "LICENSE"]))
    cpSync(join(root, name), join(staged, name), { recursive: true });
  const { scripts: _, devDependencies: __, ava: ___, ...published } = manifest;
  published.optionalDependencies = { [`${manifest.name}-${platform}`]: manifest.version };
  writeFileSync(join(staged, "package.json"), JSON.stringify(published));
  const binary = join(folder, "platform");
  cpSync(join(root, "npm", platform), binary, { recursive: true });
  copyFileSync(join(root, own), join(binary, own));
  return [staged, binary].map((from) => {
    const name = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
      ...{ cwd: from, encoding: "utf8", shell: windows },
    });
    return join(folder, name.trim());
  });
}
