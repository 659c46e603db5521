// `stowage job write`: output files, of a group (mode local) or of shards (mode shuffle).

import type { Command } from "commander";
import { CommanderError } from "commander";
import { type WrittenShard, writeGroup, writeShard } from "../../job/job.js";
import { bytes, plural } from "../figures.js";
import { addThreads, integer } from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";
import {
  DEFAULT_ITEM,
  each,
  type ItemFlags,
  itemsOf,
  modeOf,
  type Run,
  refuseSeveral,
  runs,
} from "./items.js";
import { refuseReport, toPipe } from "./piped-shard.js";

const EXAMPLES = `
Examples:
  $ stowage job write JOB                                in an array job: the group or shard of this task
  $ stowage job write JOB --shard 0-15
  $ sorted_rows | stowage job write JOB --shard 3 --input - --output - > shard 3> report.json

A file has its final name only when it is complete. With --output - the report, which --json would print,
goes to file descriptor 3, and the job's folder must be the caller's own.`;

interface WriteFlags extends ItemFlags {
  group?: Run[];
  shard?: Run[];
  input?: string;
  output?: string;
  threads?: number;
}

export function addWrite(job: Command, session: Session): void {
  const command = job
    .command("write")
    .summary("write the output files of a group or shards")
    .description("Writes the output files of a group (mode local) or shards (mode shuffle).")
    .argument("<folder>", "the job's folder")
    .option("-g, --group <numbers>", `local: which, as in 0-3,17 ${DEFAULT_ITEM}`, runs)
    .option("-s, --shard <numbers>", `shuffle: which, as in 0-3,17 ${DEFAULT_ITEM}`, runs)
    .option("--per-task <k>", "items that one index of the scheduler stands for", integer)
    .option("-i, --input <path>", "an Arrow stream with the rows, or - (default: files)")
    .option("-o, --output <where>", "another folder, or - for one shard (default: the job's)");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action((folder: string, given: WriteFlags) => write(session, folder, given));
}

async function write(session: Session, folder: string, given: WriteFlags): Promise<void> {
  const { input, output, threads, perTask } = given;
  const mode = await modeOf(folder);
  const kind = mode === "local" ? "group" : "shard";
  const other = mode === "local" ? "shard" : "group";
  if (given[other] !== undefined) {
    const message = `the job is in mode ${mode}, where --${kind} is written and not --${other}`;
    throw new CommanderError(2, "stowage.mode", message);
  }
  const asked = { items: given[kind], ...(perTask !== undefined && { perTask }) };
  const all = await itemsOf(session, folder, kind, asked);
  const options = { input, threads };
  const reports: WrittenShard[] = [];
  if (output === "-") {
    if (kind === "group")
      throw new CommanderError(2, "stowage.output", "--output - is for shards, of mode shuffle");
    refuseSeveral(all, "--output -", "shard");
    refuseReport();
    for (const shard of each(all))
      await metered(session, (watch) => toPipe(folder, shard, { ...options, ...watch }));
    return;
  }
  if (input !== undefined && all.length > 1)
    throw new CommanderError(2, "stowage.items", `--input has one run of ${kind}s; name one`);
  for (const run of mode === "local" ? each(all) : all) {
    const written = await metered(session, (watch) => {
      const step = { ...options, output, ...watch };
      return typeof run === "number"
        ? writeGroup(folder, run, step)
        : writeShard(folder, run, step);
    });
    for (const { path, rows, bytes: size } of written)
      session.note(`${path}: ${plural(rows, "pack")}, ${bytes(size)}`);
    reports.push(...written);
  }
  session.printJson(reports);
}
