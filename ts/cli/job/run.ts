// `stowage job run`: every step on this machine.

import { resolve } from "node:path";
import type { Command } from "commander";
import { runJob } from "../../job/job.js";
import { plural } from "../figures.js";
import { addThreads } from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  $ stowage job run JOB                       goes on where it was stopped, by a reboot for example`;

export function addRun(job: Command, session: Session): void {
  const command = job
    .command("run")
    .summary("do all steps on this machine, going on where they stopped")
    .description("Does everything of a job that isn't done, on this machine.")
    .argument("<folder>", "the job's folder");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { threads }: { threads?: number }) => {
      const report = await metered(session, (watch) => runJob(folder, { threads, ...watch }));
      session.printJson({ job: resolve(folder), ...report });
      session.note(
        `complete: ${plural(report.sequences, "sequence")} in ${plural(report.packs, "pack")}, ${plural(report.shards, "file")}`,
      );
    });
}
