// `stowage job init`: what the job is.

import { type Command, Option } from "commander";
import { allFormats } from "../../dataset/formats.js";
import type { InitJobOptions, Partition } from "../../job/job.js";
import { initJob } from "../../job/job.js";
import { bytes, plural } from "../figures.js";
import { readJson } from "../lengths.js";
import {
  addDatasetOptions,
  addPackOptions,
  datasetFlags,
  integer,
  need,
  packFlags,
  REQUIRED,
  real,
  size,
} from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  $ stowage job init JOB --input 'data/*.parquet' --output packed --capacity 8192
  $ stowage job init JOB --input data --output packed --capacity 4096 --mode shuffle --partition-size 4GiB
  $ stowage job init JOB --partitions partitions.json --output s3://bucket/packed --capacity 4096

The same call again does nothing; another call in the same folder is ERR_JOB.`;

interface InitFlags {
  input?: string[];
  partitions?: string;
  output: string;
  capacity: number;
  format: string;
  mode?: "local" | "shuffle";
  partitionSize?: number;
  groupPacks?: number;
  maxLoss?: number;
}

export function addInit(job: Command, session: Session): void {
  const command = job
    .command("init")
    .summary("begin a job: find the input, cut it into partitions")
    .description(
      "Begins a job: finds the input, cuts it into partitions and writes job.json, which never changes again. Reads footers only.",
    )
    .argument("<folder>", "the job's folder, which all tasks see")
    .option("-i, --input <paths...>", "files, folders, patterns (required, or --partitions)")
    .option("--partitions <file>", "the partitions as JSON, in place of --input")
    .option("-c, --capacity <tokens>", `tokens that a pack holds ${REQUIRED}`, integer)
    .option("-o, --output <folder>", `the folder to write, or an address in a store ${REQUIRED}`)
    .addOption(
      new Option("-f, --format <format>", "format of the output")
        .choices(allFormats)
        .default("parquet"),
    )
    .addOption(
      new Option(
        "-m, --mode <mode>",
        "local: groups of partitions, no shuffle; shuffle: one plan, the bytes of `stowage pack` (default: local)",
      ).choices(["local", "shuffle"]),
    )
    .option("--partition-size <bytes>", "input in a partition, about (default: 1GiB)", size)
    .option("--group-packs <n>", "local: packs a group has at least (default: 20000)", integer)
    .option(
      "--max-loss <x>",
      "local: packs it may cost above one plan, as a part (default: 0.0001)",
      real,
    )
    .option("-s, --strategy <name>", "how to pack; see `stowage strategies` (default: auto)");
  addDatasetOptions(addPackOptions(command))
    .addHelpText("after", EXAMPLES)
    .action((folder: string, given: InitFlags & Record<string, unknown>) =>
      init(session, folder, given),
    );
}

async function init(
  session: Session,
  folder: string,
  given: InitFlags & Record<string, unknown>,
): Promise<void> {
  need(given, "capacity", "output", ...("partitions" in given ? [] : ["input"]));
  const { input, output, capacity, format, mode, partitionSize, groupPacks, maxLoss } = given;
  const partitions =
    given.partitions === undefined
      ? undefined
      : ((await readJson(given.partitions)) as Partition[]);
  const options = { input, partitions, output, capacity, format, mode, partitionSize };
  const flags = { ...packFlags(given), ...datasetFlags(given), groupPacks, maxLoss };
  const report = await metered(session, (watch) =>
    initJob(folder, { ...options, ...flags, ...watch } as InitJobOptions),
  );
  for (const warning of report.warnings) session.warn(warning);
  session.printJson(report);
  const what = `${plural(report.partitions, "partition")}, ${bytes(report.bytes)}, mode ${report.mode}`;
  session.note(
    report.created ? `job ${report.id}: ${what}` : `job ${report.id} is there already: ${what}`,
  );
}
