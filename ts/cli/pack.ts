// `stowage pack`: source files to a packed data set.

import { type Command, Option } from "commander";
import { allFormats } from "../dataset/formats.js";
import { type DatasetFormat, packDataset } from "../index.js";
import { plural } from "./figures.js";
import {
  addDatasetOptions,
  addPackOptions,
  datasetFlags,
  integer,
  need,
  packFlags,
  REQUIRED,
} from "./options.js";
import { fromPipes, PIPE } from "./piped.js";
import { metered } from "./progress.js";
import { printWritten } from "./report.js";
import type { Session } from "./session.js";
import { addTextOptions, textFlags } from "./text.js";

/** `seqpack` holds no tokens: `stowage prepare` writes it. */
const FORMATS: readonly DatasetFormat[] = allFormats.filter((format) => format !== "seqpack");

const EXAMPLES = `
Examples:
  $ stowage pack 'data/*.parquet' --capacity 4096 --output packed
  $ stowage pack data.jsonl --capacity 2048 --overlong split --output packed --format hf
  $ stowage pack data --capacity 8192 --strategy next-fit --tokens-column tokens --output packed
  $ stowage pack data --capacity 4096 --output packed --json > report.json
  $ stowage pack chats.jsonl --tokenizer ./Qwen3-8B --messages-column messages \\
      --capacity 8192 --format trl --output packed

The output folder appears when it is complete, never before. Ctrl-C removes what was begun.`;

export function addPack(program: Command, session: Session): void {
  const command = program
    .command("pack")
    .summary("pack the sequences of source files into a data set")
    .description("Packs the token sequences of source files into a data set that a trainer opens.")
    .argument(
      "<input...>",
      `files, folders, patterns, or ${PIPE}: Parquet, Arrow IPC, JSON (lines, an array; .gz, .zst)`,
    )
    .option("-c, --capacity <tokens>", `tokens that a pack holds ${REQUIRED}`, integer)
    .option("-o, --output <folder>", `the folder to write ${REQUIRED}`)
    .addOption(
      new Option("-f, --format <format>", "format of the output; seqpack: `stowage prepare`")
        .choices(FORMATS)
        .default("parquet"),
    )
    .option("-s, --strategy <name>", "how to pack; see `stowage strategies` (default: auto)");
  addPackOptions(command);
  addTextOptions(addDatasetOptions(command))
    .addHelpText("after", EXAMPLES)
    .action((inputs: string[], given: PackVerbFlags & Record<string, unknown>) =>
      pack(session, inputs, given),
    );
}

interface PackVerbFlags {
  capacity: number;
  output: string;
  format: DatasetFormat;
}

async function pack(
  session: Session,
  inputs: string[],
  given: PackVerbFlags & Record<string, unknown>,
): Promise<void> {
  need(given, "capacity", "output");
  const { capacity, output, format } = given;
  const started = performance.now();
  const flags = { ...packFlags(given), ...datasetFlags(given), ...textFlags(given) };
  const options = { output, format, capacity, ...flags };
  const report = await fromPipes(session, inputs, output, (input) =>
    metered(session, (watch) => packDataset({ input, ...options, ...watch })),
  );
  const elapsed = performance.now() - started;
  const head = `packed ${plural(report.sequenceCount, "sequence")} into ${plural(report.packCount, "pack")}`;
  printWritten(session, head, output, report, elapsed);
}
