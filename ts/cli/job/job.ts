// `stowage job …`: a data set made by many machines, one verb per step.

import type { Command } from "commander";
import type { Session } from "../session.js";
import { addAssign } from "./assign.js";
import { addBundle } from "./bundle.js";
import { addCount } from "./count.js";
import { addFinalize } from "./finalize.js";
import { addInit } from "./init.js";
import { addPlan } from "./plan.js";
import { addRun } from "./run.js";
import { addSparkScript } from "./spark-script.js";
import { addStatus } from "./status.js";
import { addVerify } from "./verify.js";
import { addWrite } from "./write.js";

const EXAMPLES = `
Examples:
  $ stowage job init JOB --input 'data/*.parquet' --output packed --capacity 8192
  $ stowage job count JOB                    for every partition, in an array job
  $ stowage job plan JOB
  $ stowage job write JOB                    for every group, in an array job
  $ stowage job finalize JOB
  $ stowage job run JOB                      or all of it on this machine

Every verb may be repeated, and run twice at once. docs/scale-out.md: SLURM, Kubernetes, Spark.
\`stowage job VERB --help\` has every option of a verb.`;

export function addJob(program: Command, session: Session): void {
  const job = program
    .command("job")
    .summary("pack over many machines, in steps over a job folder")
    .description(
      "Packs over many machines: steps over a folder that all of them see, for array jobs (SLURM, Kubernetes, AWS Batch) and Spark.",
    )
    .helpCommand(false)
    .addHelpText("after", EXAMPLES);
  for (const add of [
    ...[addInit, addCount, addPlan, addAssign, addWrite, addFinalize, addStatus, addRun],
    ...[addVerify, addBundle, addSparkScript],
  ])
    add(job, session);
}
