// What jobs over many machines need of other languages: `npm run test:spark [-- ruff yaml uploads]`.
//
// Python's packages come into STOWAGE_CACHE (default: .venv beside package.json). Without Go the check of
// YAML is skipped by its name.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const cache = resolve(process.env.STOWAGE_CACHE ?? join(root, ".venv"));

function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(" ")} ended with ${status}`);
}

/** The Python of an environment with everything in spark-requirements.txt. */
function environment() {
  const requirements = join(here, "spark-requirements.txt");
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const home = join(cache, `spark-${hash}`);
  const python = join(home, "bin", "python");
  if (existsSync(join(home, "complete"))) return python;
  const since = Date.now();
  rmSync(home, { recursive: true, force: true });
  must("python3", ["-m", "venv", home]);
  must(python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
  writeFileSync(join(home, "complete"), "");
  console.log(`environment made in ${seconds(since)}: ${home}`);
  return python;
}

/** Each document of the page must be one of Kubernetes', every field known to its types. */
function yaml(folder) {
  const page = readFileSync(join(root, "docs", "scale-out.md"), "utf8");
  const documents = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text);
  if (documents.length === 0) throw new Error("docs/scale-out.md has no YAML");
  cpSync(join(here, "kubernetes"), folder, { recursive: true });
  writeFileSync(join(folder, "documents.yaml"), documents.join("---\n"));
  must("go", ["run", "."], { cwd: folder, env: { ...process.env, GOFLAGS: "-mod=mod" } });
}

const checks = {
  ruff: () => {
    must(python, ["-m", "ruff", "check", "--quiet", join(root, "spark")]);
    must(python, ["-m", "ruff", "format", "--quiet", "--check", join(root, "spark")]);
  },
  yaml: (folder) => {
    if (spawnSync("go", ["version"]).status !== 0) return "skipped: there is no Go";
    yaml(folder);
  },
  uploads: (folder) => must(python, [join(here, "check_jobs.py"), folder, "uploads"]),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in checks));
if (unknown.length > 0)
  throw new Error(
    `there is no ${unknown.join(", ")}; choose among ${Object.keys(checks).join(", ")}`,
  );
const python = environment();
const scratch = mkdtempSync(join(tmpdir(), "stowage-jobs-"));
const failed = [];
try {
  for (const [name, check] of Object.entries(checks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const since = Date.now();
    const folder = join(scratch, name);
    mkdirSync(folder);
    try {
      const told = check(folder);
      console.log(`${name}: ${told ?? "ok"}, ${seconds(since)}`);
    } catch (error) {
      failed.push(name);
      console.log(`${name}: FAILED: ${error.message}`);
    }
    rmSync(folder, { recursive: true, force: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(
  `jobs: ${failed.length === 0 ? "ok" : `FAILED: ${failed.join(", ")}`}, ${seconds(started)}`,
);
process.exit(failed.length === 0 ? 0 : 1);
