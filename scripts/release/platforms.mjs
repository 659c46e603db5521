// The platforms that a package is published for, and how each one's binary is built. Which there are
// stands in package.json ("napi"."targets"); here is what its tools need to know besides.
import { readFileSync } from "node:fs";
import { root } from "./shell.mjs";

/** name: of the folder in npm/; target: of the published build; format and machine: of its file. */
const all = [
  { name: "linux-x64-gnu", target: "x86_64-unknown-linux-gnu", format: "elf", machine: 0x3e },
  { name: "linux-arm64-gnu", target: "aarch64-unknown-linux-gnu", format: "elf", machine: 0xb7 },
  { name: "linux-x64-musl", target: "x86_64-unknown-linux-musl", format: "elf", machine: 0x3e },
  { name: "linux-arm64-musl", target: "aarch64-unknown-linux-musl", format: "elf", machine: 0xb7 },
  { name: "darwin-x64", target: "x86_64-apple-darwin", format: "mach-o", machine: 0x01000007 },
  { name: "darwin-arm64", target: "aarch64-apple-darwin", format: "mach-o", machine: 0x0100000c },
  { name: "win32-x64-msvc", target: "x86_64-pc-windows-msvc", format: "pe", machine: 0x8664 },
  { name: "win32-arm64-msvc", target: "aarch64-pc-windows-msvc", format: "pe", machine: 0xaa64 },
].map((platform) => ({ ...platform, file: `stowage.${platform.name}.node` }));

/** Oldest glibc that a published binary may ask for: that of RHEL 7, which Rust itself needs. */
export const GLIBC = "2.17";

/**
 * KiB that a tarball may have, and bytes that a binary may. Of the root's 237, pages and their charts are
 * 25, the desk 15.
 */
export const limits = { root: 256, platform: 5632, binary: 12_000_000 };

export const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

/** All platforms, in the order of package.json; that list and the one here name the same. */
export const platforms = manifest.napi.targets.map((target) => {
  const found = all.find((platform) => platform.target === target);
  if (found === undefined) throw new Error(`scripts/release/platforms.mjs lacks ${target}`);
  return found;
});

/** The platforms with these names; "host" is this machine's; all of them where none is named. */
export function named(names) {
  if (names.length === 0) return platforms;
  return names.map((name) => {
    const wanted = name === "host" ? host() : name;
    const found = platforms.find((platform) => platform.name === wanted);
    if (found) return found;
    const known = platforms.map((platform) => platform.name).join(", ");
    throw new Error(`no platform ${name}: there are ${known}, and "host"`);
  });
}

/** The platform of the Node that runs this. */
export function host() {
  const { platform, arch } = process;
  if (platform === "darwin") return `darwin-${arch}`;
  if (platform === "win32") return `win32-${arch}-msvc`;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return `linux-${arch}-${glibcVersionRuntime ? "gnu" : "musl"}`;
}
