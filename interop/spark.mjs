// Jobs over many tasks with real engines: `npm run test:spark [-- arrays uploads memory yaml spark]`.
//
// environment.mjs says where the Python comes from. Spark needs Java 17 or later; where there is none, that
// check is skipped by its name, and so is that of YAML without Go.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonWith } from "./environment.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(" ")} ended with ${status}`);
}

/** Version of the Java on the path, or 0. */
function java() {
  const { status, stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  return status === 0 ? Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) : 0;
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
    const own = ["check_jobs", "check_spark", "bench_spark", "jobs", "moto_store", "spark_cluster"];
    const paths = own.map((name) => join(here, `${name}.py`));
    for (const which of [
      [join(root, "spark")],
      ["--config", join(root, "spark", "ruff.toml"), ...paths],
    ]) {
      must(python, ["-m", "ruff", "check", "--quiet", ...which]);
      must(python, ["-m", "ruff", "format", "--quiet", "--check", ...which]);
    }
  },
  yaml: (folder) => {
    if (spawnSync("go", ["version"]).status !== 0) return "skipped: there is no Go";
    yaml(folder);
  },
  arrays: (folder) => must(python, [join(here, "check_jobs.py"), folder, "arrays"]),
  uploads: (folder) => must(python, [join(here, "check_jobs.py"), folder, "uploads"]),
  memory: (folder) => must(python, [join(here, "check_jobs.py"), folder, "memory"]),
  spark: (folder) => spark(folder, "check_spark.py"),
  // Not among the checks: `npm run bench:scale` asks for it.
  bench: (folder) => spark(folder, "bench_spark.py"),
};

function spark(folder, script) {
  const version = java();
  if (version < 17)
    return `skipped: Spark needs Java 17 or later, and there is ${version || "none"}`;
  const env = { ...process.env, SPARK_LOCAL_IP: "127.0.0.1", PYSPARK_PYTHON: python };
  delete env.SPARK_HOME;
  delete env.SPARK_CONF_DIR;
  must(python, [join(here, script), folder], { env });
  return undefined;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in checks));
if (unknown.length > 0)
  throw new Error(
    `there is no ${unknown.join(", ")}; choose among ${Object.keys(checks).join(", ")}`,
  );
const python = pythonWith("spark");
const scratch = mkdtempSync(join(tmpdir(), "stowage-jobs-"));
const failed = [];
try {
  for (const [name, check] of Object.entries(checks)) {
    if (wanted.length > 0 ? !wanted.includes(name) : name === "bench") continue;
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
