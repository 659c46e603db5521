// The verbs as a scheduler runs them: real processes, indices in the environment, exit codes, and nothing on
// standard output but what was asked for.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { verifyDataset, version } from "../../index.js";
import { initJob, runJob } from "../../job.js";
import { digestsOf, jobOver, sources, stowage } from "../fixtures/jobs.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const source = sources(5, 500, 60);
const small = { partitionSize: 1, groupPacks: 20, maxLoss: 1, shardSize: 16_384 };
const flags = [
  "--partition-size",
  "1",
  "--group-packs",
  "20",
  "--max-loss",
  "1",
  "--shard-size",
  "16384",
];

function init(name: string, ...more: string[]): { job: string; output: string } {
  const { job, output } = jobOver(source, name);
  const given = ["--input", ...source.inputs, "--output", output, "--capacity", "64"];
  const ignore = ["--ignore-columns", "labels,loss_mask"];
  const run = stowage(["job", "init", job, ...given, ...ignore, ...flags, ...more]);
  if (run.status !== 0) throw new Error(run.stderr);
  return { job, output };
}

test("an array job by each scheduler's index gives the bytes of the library", async (t) => {
  const reference = jobOver(source, "reference", small);
  await initJob(reference.job, reference.options);
  await runJob(reference.job);
  for (const [name, perTask] of [
    ["SLURM_ARRAY_TASK_ID", 1],
    ["JOB_COMPLETION_INDEX", 2],
    ["AWS_BATCH_JOB_ARRAY_INDEX", 3],
  ] as const) {
    const { job, output } = init(`by-${name}`);
    const array = (verb: string, tasks: number): void => {
      for (let index = 0; index < tasks; index++) {
        const args = ["job", verb, job, "--per-task", String(perTask)];
        const run = stowage(args, { env: { [name]: String(index) } });
        t.is(run.status, 0, run.stderr);
        t.is(run.stdout.length, 0, verb);
      }
    };
    array("count", 5); // More tasks than items: the last have nothing to do.
    t.is(stowage(["job", "plan", job]).status, 0);
    const { groups } = JSON.parse(readFileSync(join(job, "layout.json"), "utf8")) as {
      groups: unknown[];
    };
    array("write", groups.length + 1);
    t.is(stowage(["job", "finalize", job]).status, 0);
    t.deepEqual(digestsOf(output), digestsOf(reference.output), name);
  }
});

test("an index that no scheduler or two say, and items of the other mode, are wrong usage", (t) => {
  const { job } = init("usage");
  const none = stowage(["job", "count", job]);
  t.is(none.status, 2);
  t.regex(none.stderr, /--partition must be given/);
  const env = { SLURM_ARRAY_TASK_ID: "0", JOB_COMPLETION_INDEX: "1" };
  const two = stowage(["job", "count", job], { env });
  t.is(two.status, 2);
  t.regex(two.stderr, /contradict/);
  t.is(stowage(["job", "count", job], { env: { SLURM_ARRAY_TASK_ID: "x" } }).status, 2);
  t.is(stowage(["job", "count", job, "--partition", "0", "--per-task", "2"]).status, 2);
  t.is(stowage(["job", "count", job, "--partition", "3-1"]).status, 2);
  t.is(stowage(["job", "write", job, "--shard", "0"]).status, 2, "the job is local");
  const beyond = stowage(["job", "count", job, "--partition", "99"]);
  t.not(beyond.status, 0);
  t.is(beyond.stdout.length, 0);
  const nowhere = stowage(["job", "plan", join(source.at, "nowhere")]);
  t.is(nowhere.status, 1);
  t.regex(nowhere.stderr, /ERR_JOB/);
});

test("--json prints one document, of results on standard output and of errors on the other", (t) => {
  const { job } = init("json", "--mode", "shuffle");
  const document = (...args: string[]): unknown => {
    const run = stowage(["--json", "job", ...args]);
    t.is(run.status, 0, run.stderr);
    return JSON.parse(run.stdout.toString());
  };
  t.like(document("status", job), { mode: "shuffle", next: { step: "count", ranges: "0-4" } });
  t.is((document("count", job, "--partition", "0-1,2") as unknown[]).length, 3);
  const early = stowage(["--json", "job", "plan", job]);
  t.is(early.status, 1);
  t.is(early.stdout.length, 0);
  t.like(JSON.parse(early.stderr), { error: { code: "ERR_JOB_INCOMPLETE" } });
  document("count", job, "--partition", "3-4");
  const { shards } = document("plan", job) as { shards: number };
  t.is((document("assign", job, "--partition", "0-4") as unknown[]).length, 5);
  t.is((document("write", job, "--shard", `0-${shards - 1}`) as unknown[]).length, shards);
  t.like(document("finalize", job), { manifest: "_stowage.json", shards });
  t.is((document("verify", job, "--shard", "0") as unknown[]).length, 1);
  t.is(document("status", job, "--next"), null);
  t.is(stowage(["job", "status", job, "--next"]).stdout.toString(), "");
});

test("errors of init are told in the words of the command line", (t) => {
  const { job } = init("told");
  const given = [
    "--input",
    ...source.inputs,
    "--output",
    join(source.at, "other"),
    "--capacity",
    "64",
  ];
  const other = stowage(["job", "init", job, ...given, ...flags]);
  t.is(other.status, 1);
  t.regex(other.stderr, /ERR_JOB/);
  const fixed = stowage(["job", "init", `${job}-2`, ...given, "--pack-count", "5"]);
  t.is(fixed.status, 2);
  t.regex(fixed.stderr, /--pack-count/);
  const npy = stowage(["job", "init", `${job}-2`, ...given, "--format", "npy"]);
  t.is(npy.status, 2, npy.stderr);
  t.regex(npy.stderr, /parquet/);
});

test("bundle holds a stowage that needs nothing else", (t) => {
  const path = join(source.at, "bundle.tar.gz");
  const made = stowage(["job", "bundle", "--output", path]);
  t.is(made.status, 0, made.stderr);
  const at = join(source.at, "unpacked");
  mkdirSync(at);
  t.is(spawnSync("tar", ["-xzf", path, "-C", at]).status, 0);
  const run = spawnSync(join(at, "bin/stowage"), ["--version"], {
    env: { PATH: "/usr/bin:/bin" },
    encoding: "utf8",
  });
  t.is(run.status, 0, run.stderr);
  t.true(run.stdout.startsWith(version.package));
  const script = spawnSync(join(at, "bin/stowage"), ["job", "spark-script"], { encoding: "utf8" });
  t.is(script.stdout.trim(), join(at, "lib/spark/stowage_spark.py"));
  t.true(existsSync(script.stdout.trim()));
});

/** sbatch as docs/scale-out.md uses it: waits, and runs the tasks of an array 8 at a time. */
const sbatch = `#!/bin/bash
for given in "$@"; do
  case $given in
    --array=*) array=\${given#--array=} ;;
    --wrap=*) wrap=\${given#--wrap=} ;;
  esac
done
echo "\${wrap##*/stowage } \${array:-}" >> "$SBATCH_LOG"
indices=()
IFS=, read -ra ranges <<< "\${array:-none}"
for range in "\${ranges[@]}"; do
  case $range in
    none) indices+=("") ;;
    *-*) indices+=($(seq "\${range%-*}" "\${range#*-}")) ;;
    *) indices+=("$range") ;;
  esac
done
printf '%s\\n' "\${indices[@]}" | SBATCH_WRAP=$wrap xargs -d '\\n' -P 8 -I{} bash -c '
  if [ -n "{}" ]; then export SLURM_ARRAY_TASK_ID={}; fi
  if mkdir "$SBATCH_KILL" 2>/dev/null; then (eval "$SBATCH_WRAP") & sleep 0.3; kill -9 -- $!; exit 1; fi
  eval "$SBATCH_WRAP"'
`;

test("the SLURM script of docs/scale-out.md, by 8 processes, one of them killed, run again until it is done", async (t) => {
  if (process.platform !== "linux") return t.pass("xargs and bash of Linux");
  const at = join(source.at, "slurm");
  const bin = join(at, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(at, "tokens"));
  for (const [k, path] of source.inputs.entries())
    symlinkSync(path, join(at, "tokens", `${k}.arrow`));
  const main = join(root, "dist/cli/main.js");
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`);
  writeFileSync(join(bin, "sbatch"), sbatch);
  for (const name of ["npx", "sbatch"]) chmodSync(join(bin, name), 0o755);
  const page = readFileSync(join(root, "docs/scale-out.md"), "utf8");
  const [, script = ""] = /^```bash\n(#!\/bin\/bash\n# pack\.sh.*?)^```/ms.exec(page) ?? [];
  t.true(script.includes("sbatch"));
  const own = script
    .replaceAll("--per-task 16", "--per-task 2")
    .replace(
      "--capacity 8192",
      `--capacity 64 --ignore-columns labels,loss_mask ${flags.join(" ")}`,
    );
  writeFileSync(join(at, "pack.sh"), own);
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    SBATCH_LOG: join(at, "log"),
    SBATCH_KILL: join(at, "kill"),
  };
  let runs = 0;
  for (let status: number | null = 1; status !== 0 && runs < 4; runs++) {
    const run = spawnSync("bash", ["pack.sh"], { cwd: at, env, encoding: "utf8" });
    status = run.status;
    if (runs > 0) t.is(status, 0, run.stderr);
  }
  t.is(runs, 2, "the first run has a killed task, the second mends it");
  await verifyDataset(join(at, "packed"), {
    input: source.inputs,
    columns: { ignore: ["labels", "loss_mask"] },
  });
  t.true(readdirSync(join(at, "packed")).includes("_stowage.json"));
  rmSync(at, { recursive: true });
});
