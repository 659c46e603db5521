// `stowage job spark-script`: where the program for Spark lies.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { StowageError } from "../../index.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  $ spark-submit $(stowage job spark-script) --input 's3://bucket/data/*.parquet' --output s3://bucket/packed --capacity 8192`;

/** The folder of the installed package. */
export const PACKAGE: string = dirname(require.resolve("stowage/package.json"));

export function addSparkScript(job: Command, session: Session): void {
  job
    .command("spark-script")
    .summary("print the path of the program for spark-submit")
    .description("Prints the path of stowage_spark.py, for spark-submit or a notebook.")
    .addHelpText("after", EXAMPLES)
    .action(() => {
      const path = join(PACKAGE, "spark", "stowage_spark.py");
      if (!existsSync(path))
        throw new StowageError("ERR_IO", `${path} isn't there: the package is not whole`, { path });
      session.printJson({ path });
      if (!session.json) process.stdout.write(`${path}\n`);
    });
}
