// `npm run bench:datasets`: source files to packed files, beside the same job in Python, in one run.
//
//   npm run bench:datasets -- [--sequences 100000] [--rounds 5]
//
// Token bytes are 4 per token of the source; per core means per second of processor time, of all
// threads together. Each row of the table is the fastest of the rounds, Python's of one. Python
// writes Parquet with snappy, the default of `datasets`.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type DatasetFormat, type PackDatasetOptions, packDataset } from "../index.js";
import { machine, peersPython, ROOT } from "./environment.js";

const { values: flags } = parseArgs({
  options: {
    sequences: { type: "string", default: "100000" },
    rounds: { type: "string", default: "5" },
  },
});
const rounds = Number(flags.rounds);
const capacity = 2048;

type Compression = NonNullable<PackDatasetOptions["compression"]>;

/** One way to do the job. */
interface Entry {
  name: string;
  seconds: number;
  /** Seconds of processor time. */
  busy: number;
  packs: number;
}

const folder = mkdtempSync(join(tmpdir(), "stowage-datasets-"));
try {
  const found = peersPython(join(ROOT, "benchmark", "peers", "datasets-requirements.txt"));
  if ("missing" in found) throw new Error(`no Python peers: ${found.missing}`);
  const python = found.python;
  const source = join(folder, "source.parquet");
  const make = [join(ROOT, "interop", "make_source.py"), source, "--sequences", flags.sequences];
  console.error(
    execFileSync(python, [...make, "--max-length", "2048"], { encoding: "utf8" }).trim(),
  );

  const entries: Entry[] = [];
  for (const threads of [1, undefined]) {
    for (const [format, compression] of [
      ["arrow"],
      ["parquet", "zstd"],
      ["parquet", "snappy"],
      ["parquet", "none"],
    ] as const)
      entries.push(await ours(source, format, compression, threads));
  }
  const { tokensIn } = await packDataset({
    input: source,
    output: join(folder, "count"),
    format: "trl",
    capacity,
  });
  for (const peer of ["trl-bfd", "trl-wrapped", "seqpacker"])
    entries.push(...theirs(python, source, peer));
  report(entries, tokensIn, Number(flags.sequences));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function ours(
  input: string,
  format: DatasetFormat,
  compression: Compression | undefined,
  threads: number | undefined,
): Promise<Entry> {
  let best = { seconds: Number.POSITIVE_INFINITY, busy: 0, packs: 0 };
  const output = join(folder, "ours");
  for (let round = 0; round < rounds; round++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    const report = await packDataset({
      input,
      output,
      format,
      capacity,
      compression,
      threads,
      overwrite: true,
    });
    const seconds = (performance.now() - start) / 1e3;
    const { user, system } = process.cpuUsage(used);
    const run = { seconds, busy: (user + system) / 1e6, packs: report.packCount };
    if (seconds < best.seconds) best = run;
  }
  const parts = threads === undefined ? "all threads" : `${threads} thread`;
  const name = `stowage, Parquet to ${format}${compression === undefined ? "" : ` ${compression}`}, ${parts}`;
  return { name, ...best };
}

function theirs(python: string, source: string, peer: string): Entry[] {
  const script = join(ROOT, "benchmark", "peers", "datasets_peers.py");
  const output = join(folder, peer);
  const { status, stdout, stderr } = spawnSync(
    python,
    [script, peer, source, output, String(capacity)],
    {
      encoding: "utf8",
      env: { ...process.env, HF_HOME: join(folder, "hf"), HF_HUB_OFFLINE: "1" },
    },
  );
  if (existsSync(output)) rmSync(output, { recursive: true });
  if (status !== 0) {
    console.error(`${peer}: ${stderr.trim().split("\n").at(-1)}`);
    return [];
  }
  return [JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Entry];
}

function report(entries: readonly Entry[], tokens: number, sequences: number): void {
  const { cpu, cores, node } = machine();
  console.log(
    `${cpu}, ${cores} cores, Node ${node}; ${sequences} sequences, ${tokens} tokens, capacity ${capacity}`,
  );
  console.log("| job | seconds | MB/s of tokens | per core | sequences/s | packs |");
  console.log("|---|---|---|---|---|---|");
  for (const { name, seconds, busy, packs } of entries) {
    const [speed, core] = [seconds, busy].map((each) => ((tokens * 4) / each / 1e6).toFixed(0));
    const rate = Math.round(sequences / seconds);
    console.log(`| ${name} | ${seconds.toFixed(2)} | ${speed} | ${core} | ${rate} | ${packs} |`);
  }
}
