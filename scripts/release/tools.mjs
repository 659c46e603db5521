// What the release scripts need besides Node and Rust; each is installed where it is first asked for.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { out, output, present, root, run } from "./shell.mjs";

/** Folder for tools: kept between runs, or where STOWAGE_CACHE says. */
export const cache = (name) =>
  process.env.STOWAGE_CACHE ? join(process.env.STOWAGE_CACHE, name) : out(`tools/${name}`);

/** The npm packages that building needs; see setup.mjs for why not by `npm ci`. */
export function packages() {
  const lock = new URL("node_modules/.package-lock.json", root);
  if (!existsSync(lock)) run("npm", ["install", "--no-save"]);
}

/** zig as C compiler and linker for any platform, from PyPI; environment in which cargo finds it. */
export function zig() {
  const folder = cache("zig");
  const windows = process.platform === "win32";
  const bin = join(folder, windows ? "Scripts" : "bin");
  if (!existsSync(join(bin, windows ? "cargo-zigbuild.exe" : "cargo-zigbuild"))) {
    const requirements = fileURLToPath(new URL("scripts/release/requirements.txt", root));
    run(present("python3") ? "python3" : "python", ["-m", "venv", folder]);
    run(join(bin, "pip"), ["install", "--quiet", "--requirement", requirements]);
  }
  return {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    CARGO_ZIGBUILD_CACHE_DIR: join(folder, "cache"),
    ZIG_GLOBAL_CACHE_DIR: join(folder, "zig-cache"),
  };
}

/** Rust's standard library for a target. A cargo without rustup has it or will say that it hasn't. */
export function rustTarget(target) {
  if (!present("rustup")) return;
  if (output("rustup", ["target", "list", "--installed"]).split(/\s+/).includes(target)) return;
  run("rustup", ["target", "add", target]);
}

/** The checker of GitHub workflows, a Go module. */
export function actionlint() {
  if (present("actionlint", ["-version"])) return "actionlint";
  const bin = cache("go/bin");
  const program = join(bin, process.platform === "win32" ? "actionlint.exe" : "actionlint");
  if (existsSync(program)) return program;
  if (!present("go", ["version"])) throw new Error("go is missing: https://go.dev/doc/install");
  const env = { GOBIN: bin, GOFLAGS: "-modcacherw" };
  run("go", ["install", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"], { env });
  return program;
}
