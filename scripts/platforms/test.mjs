// Loads binaries of other platforms here and holds what they do against this machine's:
// `npm run test:platforms [NAME…]`, after `npm run build:platforms [NAME…]`. Every output byte must be
// equal. Leaves out/platforms.json: what was seen of each platform, loaded or not.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "../release/inspect.mjs";
import { host, named } from "../release/platforms.mjs";
import { out, program, root } from "../release/shell.mjs";
import { compare, exercise } from "./exercise.mjs";
import { loader } from "./loaders.mjs";

function test(platform, expected) {
  const binary = join(out("binaries"), platform.file);
  if (!existsSync(binary)) return { state: "not built" };
  const how = existsSync(`${binary}.json`)
    ? JSON.parse(readFileSync(`${binary}.json`, "utf8"))
    : {};
  const built = { file: inspect(binary, platform), ...how };
  const found = loader(platform.name);
  if (found === undefined) return { state: "built", built };
  const { seen, equal } = exercise(platform, binary, found);
  return { state: "loaded", built, ...seen, compared: compare(expected, equal) };
}

await program(import.meta.url, (names) => {
  const own = named([host()])[0];
  const addon = fileURLToPath(new URL(own.file, root));
  if (!existsSync(addon)) throw new Error(`${own.file} is missing: npm run build:native`);
  const { equal } = exercise(own, addon, loader(own.name));
  const record = out("platforms.json");
  const states = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {};
  let failed = false;
  for (const platform of named(names)) {
    let state;
    try {
      state = test(platform, equal);
    } catch (error) {
      state = { state: "failed", error: error.message };
      failed = true;
    }
    states[platform.name] = { ...state, date: new Date().toISOString().slice(0, 10) };
    console.log(`${platform.name}: ${JSON.stringify(states[platform.name])}`);
    writeFileSync(record, `${JSON.stringify(states, null, 2)}\n`);
  }
  rmSync(out("load"), { recursive: true, force: true });
  if (failed) throw new Error("not every platform does what this machine does");
});
