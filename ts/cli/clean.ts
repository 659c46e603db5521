// `stowage clean`: what killed jobs have left beside outputs, named and removed.

import type { Command } from "commander";
import { cleanLeftovers, type Leftover } from "../index.js";
import { bytes, duration, plural } from "./figures.js";
import type { Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ stowage clean .                 what processes of this host have left that were killed
  $ stowage clean /data --force     also what other hosts have left: see that none of them still writes

A killed job leaves a hidden folder beside its output, whose name says which host and process wrote it.`;

export function addClean(program: Command, session: Session): void {
  program
    .command("clean")
    .summary("remove what killed jobs have left")
    .description(
      "Finds the temporary folders of killed jobs in a folder, names them with size and age, and removes those whose process on this host has ended.",
    )
    .argument("<folder>", "where outputs are written")
    .option("--force", "remove also what other hosts wrote, or of which nothing is known")
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { force }: { force?: boolean }) => {
      const found = await cleanLeftovers(folder, { force, signal: session.signal });
      session.printJson({ found });
      if (found.length === 0) session.print(`nothing is left over in ${folder}`);
      for (const one of found) session.print(spoken(one));
      const left = found.filter((one) => one.life === "unknown" && !one.removed);
      if (left.length > 0)
        session.note(`${plural(left.length, "folder")} kept: use --force if no job writes there`);
    });
}

function spoken({ path, bytes: size, age, host, pid, life, removed }: Leftover): string {
  const by = host === undefined ? "by an unknown process" : `by process ${pid} on ${host}`;
  const state = { gone: "which has ended", running: "which is running", unknown: "not known here" };
  const what = removed ? "removed" : "kept";
  return `${what}  ${path}: ${bytes(size)}, last written ${duration(1000 * age)} ago ${by}, ${state[life]}`;
}
