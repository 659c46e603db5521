// `stowage job assign`: the sequences of a partition with their places.

import type { Command } from "commander";
import { type AssignReport, assignPartition, streamSchema } from "../../job/job.js";
import { plural } from "../figures.js";
import { addThreads, integer } from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";
import {
  DEFAULT_ITEM,
  each,
  type ItemFlags,
  itemsOf,
  type Run,
  refuseSeveral,
  runs,
} from "./items.js";

const EXAMPLES = `
Examples:
  $ stowage job assign JOB                                       leaves JOB/runs for \`job write\`
  $ stowage job assign JOB --partition 3 --output - > rows.arrows
  $ read_from_store | stowage job assign JOB --partition 3 --input - --output - | shuffle`;

interface AssignFlags extends ItemFlags {
  partition?: Run[];
  input?: string;
  output?: string;
  schema?: boolean;
  threads?: number;
}

export function addAssign(job: Command, session: Session): void {
  const command = job
    .command("assign")
    .summary("place the sequences of partitions (mode shuffle)")
    .description(
      "Places the sequences of partitions (mode shuffle): an Arrow stream of shard, pack, slot and tokens, or a file of them for `job write`.",
    )
    .argument("<folder>", "the job's folder")
    .option("-p, --partition <numbers>", `which, as in 0-3,17 ${DEFAULT_ITEM}`, runs)
    .option("--per-task <k>", "partitions that one index of the scheduler stands for", integer)
    .option("-i, --input <path>", "an Arrow stream with its rows, or -; default: the files")
    .option("-o, --output <where>", "- for standard output (default: a file in the job's folder)")
    .option("--schema", "print the columns of the stream alone: an Arrow stream without rows");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, given: AssignFlags) => {
      const { partition, perTask, input, output, threads } = given;
      if (given.schema === true) {
        process.stdout.write(await streamSchema(folder, { threads, signal: session.signal }));
        return;
      }
      const asked = { items: partition, ...(perTask !== undefined && { perTask }) };
      const all = await itemsOf(session, folder, "partition", asked);
      if (input !== undefined) refuseSeveral(all, "--input", "partition");
      if (output !== undefined) refuseSeveral(all, "--output", "partition");
      const reports: AssignReport[] = [];
      for (const item of each(all)) {
        const report = await metered(session, (watch) =>
          assignPartition(folder, item, { input, output, threads, ...watch }),
        );
        session.note(
          `partition ${item}: ${plural(report.rows, "row")}, ${plural(report.tokens, "token")}`,
        );
        reports.push(report);
      }
      // Where the stream goes to standard output, the report stands in the job's folder alone.
      if (output !== "-") session.printJson(reports);
    });
}
