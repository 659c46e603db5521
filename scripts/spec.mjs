// `npm run test:spec -- NAME…`: the specs whose path has one of the names, as in `plan/plan` or
// `verify`. What begins with a dash, and what follows, is ava's: `-- rows -m "*padding*"`.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const given = process.argv.slice(2);
const dash = given.findIndex((word) => word.startsWith("-"));
const names = dash < 0 ? given : given.slice(0, dash);
const all = readdirSync("__test__", { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".spec.ts"))
  .sort();
const chosen = all.filter((path) => names.some((name) => path.includes(name)));
const lost = names.filter((name) => !all.some((path) => path.includes(name)));
if (chosen.length === 0 || lost.length > 0) {
  const wrong = lost.length > 0 ? `no spec has ${lost.join(" or ")} in its path` : "name a spec";
  console.error(`${wrong}; there are\n${all.map((path) => `  ${path}`).join("\n")}`);
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/ava/entrypoints/cli.mjs",
    ...chosen.map((path) => `__test__/${path}`),
    ...(dash < 0 ? [] : given.slice(dash)),
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
