// `stowage job finalize`: proves that all is written, and makes the output a data set.

import type { Command } from "commander";
import { finalizeJob } from "../../job/job.js";
import { plural } from "../figures.js";
import { readJson } from "../lengths.js";
import { addThreads } from "../options.js";
import { metered } from "../progress.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  $ stowage job finalize JOB
  $ stowage job finalize JOB --output last --sizes sizes.json      for a store: prints what to upload, in order

Until this is done the output has no _stowage.json, and is no data set.`;

interface FinalizeFlags {
  output?: string;
  sizes?: string;
  rehash?: boolean;
  threads?: number;
}

export function addFinalize(job: Command, session: Session): void {
  const command = job
    .command("finalize")
    .summary("prove that all is written, and complete the output")
    .description(
      "Proves by names, sizes, rows and digests that every output file is written, then writes the format's index files and, last, _stowage.json.",
    )
    .argument("<folder>", "the job's folder")
    .option("-o, --output <folder>", "where these files go, if not into the output")
    .option("--sizes <file>", "JSON: bytes of each output file, as the store says them")
    .option("--rehash", "read every output file again and compare its digest");
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, given: FinalizeFlags) => {
      const { output, rehash, threads } = given;
      const sizes =
        given.sizes === undefined
          ? undefined
          : ((await readJson(given.sizes)) as Record<string, number>);
      const report = await metered(session, (watch) =>
        finalizeJob(folder, { output, sizes, rehash, threads, ...watch }),
      );
      session.printJson(report);
      if (sizes !== undefined) for (const file of report.files) session.print(file);
      const { green } = session.colours(process.stderr);
      session.note(
        green(
          `complete: ${plural(report.sequences, "sequence")} in ${plural(report.packs, "pack")}, ${plural(report.shards, "file")}`,
        ),
      );
    });
}
