// `stowage job status`: what is done, and what is missing as an array range.

import type { Command } from "commander";
import { type JobStatus, jobStatus } from "../../job/job.js";
import { count, table } from "../figures.js";
import { integer } from "../options.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  $ stowage job status JOB
  $ stowage job status JOB --next                  the next verb and what is missing of it: count 0-3,17
  $ sbatch --array=$(stowage job status JOB --next --per-task 16 | cut -d' ' -f2) step.sh

With --next nothing is printed when the data set is complete.`;

interface StatusFlags {
  next?: boolean;
  perTask?: number;
}

export function addStatus(job: Command, session: Session): void {
  job
    .command("status")
    .summary("say what is done and what is missing")
    .description("Says what is done and what is missing, by the names of files alone.")
    .argument("<folder>", "the job's folder")
    .option("--next", "print the next verb and its missing items alone")
    .option("--per-task <k>", "print indices of tasks that do k items each", integer)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { next, perTask }: StatusFlags) => {
      const status = await jobStatus(folder, { perTask });
      session.printJson(next === true ? (status.next ?? null) : status);
      if (next !== true) session.print(told(status));
      else if (status.next !== undefined)
        session.print(`${status.next.step} ${status.next.ranges}`.trimEnd());
    });
}

function told({ steps, next }: JobStatus): string {
  const rows = steps.map((step) => [
    step.step,
    count(step.done),
    step.total === undefined ? "?" : count(step.total),
    step.total === undefined ? "not known before plan" : step.ranges,
  ]);
  const last = next === undefined ? "complete" : `next: ${next.step}`;
  return `${table(["step", ">done", ">of", "missing"], rows)}\n${last}`;
}
