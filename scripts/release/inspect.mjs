// What a binary says of itself, read from its bytes, so that any machine can look at any platform's:
// made for this platform, an addon, and content with an old system.
//   node scripts/release/inspect.mjs NAME FILE
import { readFileSync } from "node:fs";
import { GLIBC, named } from "./platforms.mjs";
import { program } from "./shell.mjs";

/** Throws unless the file is an addon for the platform; says what was seen. */
export function inspect(file, { name, format, machine }) {
  const bytes = readFileSync(file);
  const found = header(bytes);
  if (found.format !== format || found.machine !== machine) {
    const seen = `${found.format}, machine ${found.machine.toString(16)}`;
    throw new Error(`${file} isn't made for ${name}: ${seen}`);
  }
  const text = bytes.toString("latin1");
  if (!text.includes("napi_register_module_v1")) throw new Error(`${file} is no Node-API addon`);
  const glibc = [...text.matchAll(/\bGLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
  const newest = Math.max(0, ...glibc);
  if (name.endsWith("-musl") && newest > 0) throw new Error(`${file} needs glibc 2.${newest}`);
  if (name.endsWith("-gnu") && newest > Number(GLIBC.split(".")[1]))
    throw new Error(`${file} needs glibc 2.${newest}; it may need ${GLIBC} at most`);
  if (format === "mach-o" && libraries(bytes).some((path) => path.includes(".framework/")))
    throw new Error(`${file} links a framework, which only a Mac has: see vendor/`);
  const needs = name.endsWith("-gnu") ? `, glibc 2.${newest} or later` : "";
  return `${name}: ${format}, ${(bytes.length / 1e6).toFixed(2)} MB${needs}`;
}

/** The libraries that a Mach-O file is linked with: LC_LOAD_DYLIB, and its weak and passed-on kinds. */
function libraries(bytes) {
  const found = [];
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const [command, size] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if ([0xc, 0x80000018, 0x8000001f].includes(command))
      found.push(bytes.toString("latin1", at + bytes.readUInt32LE(at + 8), at + size));
    at += size;
  }
  return found;
}

/** Format and machine, by the first bytes of ELF, Mach-O (64 bits, little-endian) or PE. */
function header(bytes) {
  if (bytes.toString("latin1", 0, 4) === "\x7fELF")
    return { format: "elf", machine: bytes.readUInt16LE(18) };
  if (bytes.readUInt32LE(0) === 0xfeedfacf)
    return { format: "mach-o", machine: bytes.readUInt32LE(4) };
  if (bytes.toString("latin1", 0, 2) === "MZ") {
    const at = bytes.readUInt32LE(0x3c);
    if (bytes.toString("latin1", at, at + 4) === "PE\0\0")
      return { format: "pe", machine: bytes.readUInt16LE(at + 4) };
  }
  return { format: "unknown", machine: 0 };
}

await program(import.meta.url, ([name, file]) => {
  console.log(inspect(file, named([name])[0]));
});
