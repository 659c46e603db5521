// `stowage prepare`: lengths to the prepared folder of Python's seqpack, with its names of options.

import type { Command } from "commander";
import { type PackDatasetOptions, packDataset } from "../index.js";
import { plural } from "./figures.js";
import { addThreads, integer, need, REPACK, REQUIRED, real, SPLIT } from "./options.js";
import { fromPipes, PIPE } from "./piped.js";
import { metered } from "./progress.js";
import { printWritten } from "./report.js";
import type { Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ stowage prepare --input lengths.parquet --length-column tokens_len --max-seq-len 2048 --output prepared
  $ stowage prepare --input a.parquet b.parquet --length-column n --id-column id --max-seq-len 4096 \\
      --filter-over-cap --output prepared
  $ stowage prepare --input lengths.npy --max-seq-len 512 --packer optimal --output prepared
  $ stowage verify prepared --input lengths.npy

The folder holds manifest.json, counts.json, templates.json and pools/LENGTH.npy; read it with
seqpack.prepare.load_prepared("prepared"). It appears when it is complete, never before.
Packers are strategies that plan, see \`stowage strategies\`. seqpack's own two are known by their
names: per-item is worst-fit-decreasing, and so is batched, which differs from it by a pack at most.`;

export function addPrepare(program: Command, session: Session): void {
  const command = program
    .command("prepare")
    .summary("plan packs and write them as Python's seqpack reads them")
    .description(
      "Plans packs from a column of lengths and writes plan and sequence ids as the prepared folder that Python's seqpack loads. No tokens are read or written.",
    )
    .option(
      "-i, --input <path...>",
      `files, folders, patterns, or ${PIPE}: Parquet, Arrow IPC, JSON, .npy ${REQUIRED}`,
    )
    .option(
      "--length-column <name>",
      "column of lengths, or of tokens to count (default: input_ids)",
    )
    .option("--id-column <name>", "column of integer ids of the sequences (default: row numbers)")
    .option("--max-seq-len <tokens>", `tokens that a pack holds ${REQUIRED}`, integer)
    .option(
      "--filter-over-cap",
      "leave sequences longer than --max-seq-len out (default: an error)",
    )
    .option("--filter-empty", "leave sequences of length 0 out (default: an error)")
    .option("--packer <name>", "how to plan; see `stowage strategies` (default: auto)")
    .option("--effort <x>", "work that auto and optimal may spend (default: 1, 0: none)", real)
    .option("-o, --output <folder>", `the folder to write ${REQUIRED}`)
    .option("--split <name>", SPLIT)
    .option("--repack", REPACK)
    .option("--overwrite", "replace an existing output that stowage wrote");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action((given: PrepareFlags) => prepare(session, given));
}

interface PrepareFlags {
  input: string[];
  maxSeqLen: number;
  output: string;
  lengthColumn?: string;
  idColumn?: string;
  filterOverCap?: boolean;
  filterEmpty?: boolean;
  packer?: string;
  effort?: number;
  threads?: number;
  split?: string;
  repack?: boolean;
  overwrite?: boolean;
}

/** seqpack's names of its packers. */
const PACKERS: Readonly<Record<string, string>> = {
  batched: "worst-fit-decreasing",
  "per-item": "worst-fit-decreasing",
};

async function prepare(session: Session, given: PrepareFlags): Promise<void> {
  need(given, "input", "maxSeqLen", "output");
  const { maxSeqLen: capacity, output, packer, lengthColumn, idColumn } = given;
  const { effort, threads, overwrite, split, repack } = given;
  const started = performance.now();
  const options: Omit<PackDatasetOptions, "input"> = {
    output,
    format: "seqpack",
    capacity,
    columns: {
      ...(lengthColumn !== undefined && { lengths: lengthColumn }),
      ...(idColumn !== undefined && { ids: idColumn }),
    },
    ...(given.filterOverCap === true && { overlong: "drop" }),
    ...(given.filterEmpty === true && { empty: "drop" }),
    ...(packer !== undefined && { strategy: PACKERS[packer] ?? packer }),
    ...(effort !== undefined && { effort }),
    ...(overwrite !== undefined && { overwrite }),
    ...(split !== undefined && { split }),
    ...(repack !== undefined && { repack }),
  };
  const parts = threads === undefined ? {} : { threads };
  const report = await fromPipes(session, given.input, output, (input) =>
    metered(session, (watch) => packDataset({ input, ...options, ...parts, ...watch })),
  );
  const elapsed = performance.now() - started;
  const head = `prepared ${plural(report.sequenceCount, "sequence")} in ${plural(report.packCount, "pack")}`;
  printWritten(session, head, output, report, elapsed);
}
