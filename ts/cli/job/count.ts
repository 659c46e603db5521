// `stowage job count`: the lengths of a partition.

import type { Command } from "commander";
import { type CountReport, countPartition } from "../../job/job.js";
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
  $ stowage job count JOB                       in an array job: the partition of this task
  $ stowage job count JOB --partition 0-15
  $ read_from_store | stowage job count JOB --partition 3 --input -`;

interface CountFlags extends ItemFlags {
  partition?: Run[];
  input?: string;
  threads?: number;
}

export function addCount(job: Command, session: Session): void {
  const command = job
    .command("count")
    .summary("count the lengths of partitions")
    .description("Counts the lengths of partitions. Reads lengths only, where the format allows.")
    .argument("<folder>", "the job's folder")
    .option("-p, --partition <numbers>", `which, as in 0-3,17 ${DEFAULT_ITEM}`, runs)
    .option("--per-task <k>", "partitions that one index of the scheduler stands for", integer)
    .option("-i, --input <path>", "an Arrow stream with its rows, or -; default: the files");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, given: CountFlags) => {
      const { partition, perTask, input, threads } = given;
      const asked = { items: partition, ...(perTask !== undefined && { perTask }) };
      const all = await itemsOf(session, folder, "partition", asked);
      if (input !== undefined) refuseSeveral(all, "--input", "partition");
      const reports: CountReport[] = [];
      for (const item of each(all)) {
        const report = await metered(session, (watch) =>
          countPartition(folder, item, { input, threads, ...watch }),
        );
        for (const warning of report.warnings) session.warn(warning);
        if (report.fault !== undefined)
          session.warn(
            `partition ${item}: ${report.fault.code} at row ${report.fault.row}; \`job plan\` will refuse it`,
          );
        session.note(
          `partition ${item}: ${plural(report.sequences, "sequence")}, ${plural(report.tokens, "token")}`,
        );
        reports.push(report);
      }
      session.printJson(reports);
    });
}
