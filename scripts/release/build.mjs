// Builds binaries: node scripts/release/build.mjs [--profile P] [NAME…]   ("host": this machine's)
// Leaves out/binaries/stowage.NAME.node, inspected. The profile is `release`, or `fast` for trials.
//
// Linux and macOS are linked by zig wherever this runs, for glibc 2.17 and without a Mac, but a Mac
// builds its own. Windows is built by Microsoft's tools there; elsewhere the same code is linked as
// windows-gnu, which is for trials and not published.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { inspect } from "./inspect.mjs";
import { GLIBC, named } from "./platforms.mjs";
import { empty, out, present, program, root, run } from "./shell.mjs";
import { packages, rustTarget, zig } from "./tools.mjs";

/** Builds one platform's binary and returns its path. */
export function build(platform, profile) {
  const folder = empty(out(`build/${platform.name}`));
  const own = platform.name.startsWith(process.platform);
  const made =
    platform.format === "pe" && !own
      ? windowsElsewhere(platform, profile)
      : addon(platform, profile, folder, own && platform.format !== "elf");
  mkdirSync(out("binaries"), { recursive: true });
  for (const name of readdirSync(folder).filter((name) => name.startsWith("native.")))
    copyFileSync(join(folder, name), join(out("binaries"), name));
  const binary = join(out("binaries"), platform.file);
  copyFileSync(made, binary);
  // For the record of a trial: with what settings, since cargo takes some from the environment.
  const set = Object.entries(process.env).filter(([name]) => name.startsWith("CARGO_PROFILE_"));
  writeFileSync(`${binary}.json`, JSON.stringify({ profile, ...Object.fromEntries(set) }));
  console.log(inspect(binary, platform));
  return binary;
}

/** Incremental files pay where code changes between builds, and fill the disk otherwise. */
const environment = { CARGO_INCREMENTAL: "0" };

const profiled = (profile) => (profile === "release" ? ["--release"] : ["--profile", profile]);

/** By napi's own command, which writes the loader too: native.js and native.d.ts, for all platforms. */
function addon({ name, target, file }, profile, folder, own) {
  rustTarget(target);
  const versioned = name.endsWith("-gnu") ? `${target}.${GLIBC}` : target;
  const linker = own ? ["--target", target] : ["--cross-compile", "--target", versioned];
  const made = ["--js", "native.js", "--dts", "native.d.ts", "--output-dir", folder];
  run("npx", ["napi", "build", "--platform", ...profiled(profile), ...linker, ...made], {
    env: { ...environment, ...(own ? {} : zig()) },
  });
  return join(folder, file);
}

/** The same code for Windows without Microsoft's tools, for trials: x64 by mingw, arm64 by zig. */
function windowsElsewhere({ name }, profile) {
  const arm = name.includes("arm64");
  const target = arm ? "aarch64-pc-windows-gnullvm" : "x86_64-pc-windows-gnu";
  rustTarget(target);
  if (!arm && !present("x86_64-w64-mingw32-gcc"))
    throw new Error("mingw is missing: apt-get install gcc-mingw-w64-x86-64-posix");
  const verb = arm ? "zigbuild" : "build";
  run("cargo", [verb, "--locked", "--lib", "--target", target, ...profiled(profile)], {
    env: { ...environment, ...(arm ? zig() : {}), LIBNODE_PATH: emptyLibnode() },
  });
  const made = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("target", root));
  return join(made, target, profile, "stowage_node.dll");
}

/** For windows-gnu napi's build script asks for Node as a library, though the addon looks its functions
 * up when it is loaded. A name is enough for the script, and an archive of nothing for the linker. */
function emptyLibnode() {
  const folder = empty(out("build/libnode"));
  writeFileSync(join(folder, "libnode.dll"), "");
  writeFileSync(join(folder, "libnode.a"), "!<arch>\n");
  return folder;
}

await program(import.meta.url, (args) => {
  const { values, positionals } = parseArgs({
    args,
    options: { profile: { type: "string", default: "release" } },
    allowPositionals: true,
  });
  packages();
  for (const platform of named(positionals)) build(platform, values.profile);
});
