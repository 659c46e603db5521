// Produces every format and proves it with the readers of its trainer: `npm run test:interop`.
//
// environment.mjs says where the Python comes from. Arguments choose formats, or the guides:
// `npm run test:interop -- trl hf guides`.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packDataset } from "../index.js";
import { interopPython } from "./environment.mjs";
import { guides, runGuide } from "./guides.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (error) throw error;
  return status;
}

const folder = mkdtempSync(join(tmpdir(), "stowage-interop-"));
const python = interopPython();
const failures = [];

/** Runs a checker; it prints one line. */
function check(name, script, ...args) {
  const env = {
    ...process.env,
    HF_HOME: join(folder, "hf"),
    HF_DATASETS_CACHE: join(folder, "hf"),
  };
  const command = [join(here, script), ...args];
  const { status, stdout, stderr } = spawnSync(python, command, { encoding: "utf8", env });
  console.log(`${name}: ${(stdout ?? "").trim()}`);
  if (status === 0) return;
  failures.push(name);
  console.log((stderr ?? "").split("\n").slice(-12).join("\n"));
}

/** Proves an output by `stowage verify`, alone and with its source. */
function verify(name, output, { input, columns = {} }) {
  const flags = {
    "--labels-column": columns.labels,
    "--loss-mask-column": columns.lossMask,
    "--carry-columns": columns.carry?.join(","),
  };
  const named = Object.entries(flags).flatMap(([flag, value]) => (value ? [flag, value] : []));
  for (const against of [[], ["--input", input, ...named]]) {
    const command = [join(here, "../dist/cli/main.js"), "verify", output, ...against];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    if (status === 0) console.log(`${name}: stowage verify: ${stdout.trim().split("\n")[0]}`);
    else failures.push(`${name}, stowage verify: ${stderr.trim()}`);
  }
}

function source(name, ...args) {
  const path = join(folder, `${name}.parquet`);
  const status = run(python, [join(here, "make_source.py"), path, ...args]);
  if (status !== 0) throw new Error(`make_source.py ${args.join(" ")} failed`);
  return path;
}

const synthetic = source(
  "synthetic",
  "--sequences",
  "1500",
  "--seed",
  "1",
  "--max-length",
  "1000",
  "--with",
  "labels",
  "loss_mask",
  "weights",
  "text",
);
const real = source(
  "real",
  "--sequences",
  "1500",
  "--seed",
  "2",
  "--real",
  "--max-length",
  "1000",
  "--with",
  "text",
);

const masked = { labels: "labels", lossMask: "loss_mask" };
/** The sources have columns of labels and masks; where a case names none, it does without them knowingly. */
const unnamed = (columns) => {
  const ignore = ["labels", "loss_mask"].filter((name) => !Object.values(columns).includes(name));
  return { ...(ignore.length > 0 && { ignore }), ...columns };
};
const capacity = 1024;
const plain = ["--labels", "", "--loss-mask", ""];
const eosTokenId = 1;

/** What is written in each format: options, and what the checker is told of them. */
const cases = {
  parquet: [
    {
      input: synthetic,
      columns: { ...masked, carry: ["id", "text"] },
      told: ["--carry", "id", "text"],
    },
    {
      input: synthetic,
      columns: { labels: "labels", lossMask: "weights" },
      capacity: 333,
      overlong: "split",
      sequenceAlignment: 8,
      padTokenId: 2,
      shardSize: 1 << 20,
      told: ["--loss-mask", "weights", "--overlong", "split", "--alignment", "8", "--pad", "2"],
    },
    { input: real, told: plain },
    // Synthetic ids are below 32,000: a model of the 120,000 words of real text would train for minutes.
    { input: synthetic, told: plain, trl: true },
  ],
  arrow: [
    { input: synthetic, columns: masked, told: [] },
    {
      input: real,
      overlong: "drop",
      capacity: 512,
      shardSize: 1 << 20,
      told: [...plain, "--overlong", "drop"],
    },
  ],
  hf: [
    { input: synthetic, columns: masked, told: [], semantics: true },
    {
      input: real,
      sequenceAlignment: 16,
      overlong: "truncate",
      capacity: 500,
      told: [...plain, "--overlong", "truncate", "--alignment", "16"],
    },
  ],
  trl: [
    { input: synthetic, columns: masked, told: [], semantics: true },
    { input: real, told: plain },
    // Synthetic ids are below 32,000: a model of the 120,000 words of real text would train for minutes.
    { input: synthetic, told: plain, trl: true },
  ],
  llamafactory: [
    { input: synthetic, columns: masked, told: [] },
    // Without a mask: it would hide a label at a first token, which the loss is to show here.
    { input: synthetic, told: plain, semantics: true },
    { input: real, eosTokenId, told: [...plain, "--eos", "1"], capacity: 1025 },
  ],
  nemo: [
    { input: synthetic, columns: masked, told: [] },
    { input: real, capacity: 300, overlong: "split", told: [...plain, "--overlong", "split"] },
  ],
  megatron: [
    { input: synthetic, eosTokenId, vocabSize: 32_000, told: [...plain, "--eos", "1"] },
    { input: real, eosTokenId, capacity: 2048, told: [...plain, "--eos", "1"] },
  ],
  mds: [
    {
      input: synthetic,
      columns: { labels: "labels", lossMask: "weights" },
      told: ["--loss-mask", "weights"],
      shardSize: 1 << 20,
    },
    { input: real, capacity: 100, overlong: "split", told: [...plain, "--overlong", "split"] },
  ],
  npy: [
    {
      input: synthetic,
      columns: { labels: "labels", lossMask: "weights" },
      told: ["--loss-mask", "weights"],
    },
    {
      input: real,
      capacity: 100,
      overlong: "truncate",
      sequenceAlignment: 4,
      told: [...plain, "--overlong", "truncate", "--alignment", "4"],
    },
  ],
  seqpack: [
    { input: synthetic, told: plain },
    { input: real, capacity: 200, overlong: "drop", told: [...plain, "--overlong", "drop"] },
    { input: real, capacity: 300, verb: true, told: [...plain, "--overlong", "drop"] },
  ],
  safetensors: [
    {
      input: synthetic,
      columns: { labels: "labels", lossMask: "weights" },
      told: ["--loss-mask", "weights"],
      shardSize: 1 << 22,
    },
    {
      input: real,
      overlong: "split",
      capacity: 200,
      sequenceAlignment: 8,
      told: [...plain, "--overlong", "split", "--alignment", "8"],
    },
  ],
};

/** `stowage prepare`: what Python's seqpack does, by its names of options. */
function prepare(output, { input, capacity }) {
  const command = [join(here, "..", "dist", "cli", "main.js"), "prepare", "--quiet"];
  const args = ["--input", input, "--max-seq-len", String(capacity), "--output", output];
  const status = run(process.execPath, [...command, ...args, "--filter-over-cap"]);
  if (status !== 0) throw new Error(`stowage prepare ended with ${status}`);
}

async function prove(format, number, { told, semantics, trl, verb, ...options }) {
  const name = `${format} ${number}`;
  const output = join(folder, name.replace(" ", "-"));
  const given = { capacity, ...options, columns: unnamed(options.columns ?? {}) };
  if (verb) prepare(output, given);
  else await packDataset({ ...given, format, output });
  const path = ["--format", format, "--source", given.input, "--capacity", String(given.capacity)];
  check(name, "check_dataset.py", output, ...path, ...told);
  if (semantics)
    check(
      `${name}, logits and loss`,
      "check_semantics.py",
      output,
      "--format",
      format,
      "--rows",
      "4",
    );
  if (trl)
    check(
      `${name}, training`,
      "check_trl.py",
      output,
      ...(format === "parquet" ? ["--parquet"] : []),
    );
  verify(name, output, given);
}

const choices = [...Object.keys(cases), "guides"];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !choices.includes(name));

try {
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(", ")}; choose among ${choices.join(", ")}`);
  check("the checkers themselves", "selftest.py");
  check("bytes of small files", "check_golden.py");
  if (wanted.length === 0 || wanted.includes("carried"))
    check("carried columns", "check_carried.py", join(here, "..", "dist", "cli", "main.js"));
  for (const [format, list] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(format)) continue;
    const since = Date.now();
    for (const [number, one] of list.entries()) await prove(format, number + 1, one);
    console.log(`${format}: ${seconds(since)}`);
  }
  for (const guide of guides) {
    if (wanted.length > 0 && !wanted.includes("guides")) break;
    copyFileSync(real, join(folder, "tokens.parquet"));
    const fault = runGuide(guide, folder, python);
    console.log(`docs/${guide}.md: ${fault === undefined ? "its code runs" : `FAULT ${fault}`}`);
    if (fault !== undefined) failures.push(`docs/${guide}.md`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `interop: ${failures.length === 0 ? "ok" : `FAILED: ${failures.join("; ")}`}, ${seconds(started)}`,
);
process.exit(failures.length === 0 ? 0 : 1);
