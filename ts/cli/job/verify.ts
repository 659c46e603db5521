// `stowage job verify`: one output file against plan and layout.

import type { Command } from "commander";
import { type VerifiedShard, verifyShard } from "../../job/job.js";
import { plural } from "../figures.js";
import { addThreads, integer } from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";
import { DEFAULT_ITEM, each, type ItemFlags, itemsOf, type Run, runs } from "./items.js";

const EXAMPLES = `
Examples:
  $ stowage job verify JOB                       in an array job: the shard of this task
  $ stowage job verify JOB --shard 0-15

\`stowage verify FOLDER\` proves a whole data set on one machine.`;

interface VerifyFlags extends ItemFlags {
  shard?: Run[];
  output?: string;
  threads?: number;
}

export function addVerify(job: Command, session: Session): void {
  const command = job
    .command("verify")
    .summary("prove output files against the plan")
    .description("Reads output files again and proves each against the plan and the layout.")
    .argument("<folder>", "the job's folder")
    .option("-s, --shard <numbers>", `which, as in 0-3,17 ${DEFAULT_ITEM}`, runs)
    .option("--per-task <k>", "shards that one index of the scheduler stands for", integer)
    .option("-o, --output <folder>", "where they lie, if not in the job's output");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, given: VerifyFlags) => {
      const { shard, perTask, output, threads } = given;
      const asked = { items: shard, ...(perTask !== undefined && { perTask }) };
      const reports: VerifiedShard[] = [];
      for (const item of each(await itemsOf(session, folder, "shard", asked))) {
        const report = await metered(session, (watch) =>
          verifyShard(folder, item, { output, threads, ...watch }),
        );
        session.note(`${report.path} is right: ${plural(report.packs, "pack")}`);
        reports.push(report);
      }
      session.printJson(reports);
    });
}
