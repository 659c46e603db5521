// `stowage job plan`: all counts to plans and output files.

import type { Command } from "commander";
import { planJob } from "../../job/job.js";
import { count, pairs, percent, plural } from "../figures.js";
import { addThreads } from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  $ stowage job plan JOB

Says what local mode costs before anything is written; above --max-loss of \`job init\` it stops.`;

export function addPlan(job: Command, session: Session): void {
  const command = job
    .command("plan")
    .summary("plan the packs and the output files from all counts")
    .description("Plans packs and output files from the counts of all partitions.")
    .argument("<folder>", "the job's folder");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { threads }: { threads?: number }) => {
      const report = await metered(session, (watch) => planJob(folder, { threads, ...watch }));
      session.printJson(report);
      const { loss } = report;
      const lost = loss.localPacks - loss.globalPacks;
      session.note(
        pairs([
          ["packs", `${count(report.packs)}, at least ${count(report.lowerBound)}`],
          ["efficiency", percent(report.efficiency)],
          ["sequences", count(report.sequences)],
          ["shards", count(report.shards)],
          ...(report.groups > 0
            ? ([
                ["groups", count(report.groups)],
                [
                  "loss",
                  `${plural(lost, "pack")} above one plan, ${(100 * loss.ratio).toPrecision(2)} %`,
                ],
              ] as const)
            : []),
        ]),
      );
    });
}
