#!/usr/bin/env node
// The command `stowage`: one verb per file, the public surface of the package and nothing else.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C (143 by SIGTERM, 129 by SIGHUP).

import { Command } from "commander";
import { version } from "../index.js";
import { addClean } from "./clean.js";
import { addCompletion } from "./completion.js";
import { addDesk } from "./desk.js";
import { fail } from "./failure.js";
import { addReport } from "./html-report.js";
import { addJob } from "./job/job.js";
import { addPack } from "./pack.js";
import { addPlan } from "./plan.js";
import { addPrepare } from "./prepare.js";
import { type GlobalOptions, Session } from "./session.js";
import { addStats } from "./stats.js";
import { addStrategies } from "./strategies.js";
import { addStream } from "./stream.js";
import { addTokenize } from "./tokenize.js";
import { addVerify } from "./verify.js";

const EXAMPLES = `
Examples:
  $ stowage stats data.parquet --capacity 2048,4096      compare before packing
  $ stowage pack data.parquet --capacity 4096 --output packed
  $ stowage verify packed --input data.parquet
  $ stowage help pack                                    every option of a verb

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C (nothing is left behind).
NO_COLOR=1 turns colours off. Progress and errors go to standard error, results to standard output.`;

function createProgram(session: Session): Command {
  const program = new Command("stowage")
    .description("Packs token sequences into fixed-capacity packs for language-model training.")
    .version(`${version.package} (native ${version.native}, ${version.target})`, "-v, --version")
    .option("--json", "print one JSON document instead of text; errors as JSON too")
    .option("-q, --quiet", "print nothing but errors (and the document of --json)")
    .option("--no-color", "print without colours")
    .configureHelp({ showGlobalOptions: true })
    // What is wrong is said once, by fail(), with the code in front.
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .helpCommand(false)
    .addHelpText("after", EXAMPLES)
    .hook("preAction", (_, verb) => session.use(verb.optsWithGlobals<GlobalOptions>()));
  for (const add of [
    ...[addPack, addStats, addPlan, addReport, addPrepare, addVerify, addStream, addStrategies],
    addClean,
    addTokenize,
    addDesk,
    addJob,
  ])
    add(program, session);
  addHelp(program);
  addCompletion(program);
  return program;
}

/** `help`, which says what is wrong with a verb that there isn't. */
function addHelp(program: Command): void {
  program
    .command("help")
    .description("say how to use a verb")
    .argument("[verb]", "which one")
    .argument("[step]", "of `job`, which verb of it")
    .action((name?: string, step?: string) => {
      if (name === undefined) program.help();
      const verb = program.commands.find((command) => command.name() === name);
      const below = verb?.commands.find((command) => command.name() === step);
      if (verb !== undefined) (below ?? verb).help();
      // As if it had been typed: what is said of it then is what is to be said here.
      program.parse([name], { from: "user" });
    });
}

async function main(): Promise<number> {
  const session = new Session();
  const program = createProgram(session);
  try {
    // Mistakes in the arguments are found before the options are; they are to be told as asked.
    session.use({ json: process.argv.includes("--json") });
    await program.parseAsync();
    return 0;
  } catch (error) {
    return fail(session, error, typed(program));
  }
}

/** The verb that was typed, with that below it: `job count`. */
function typed(program: Command): string | undefined {
  const name = (command: Command): string => command.name();
  const verbs = program.commands.map(name);
  const verb = process.argv.find((argument) => verbs.includes(argument));
  if (verb === undefined) return undefined;
  const below = program.commands.find((command) => command.name() === verb)?.commands.map(name);
  const next = process.argv[process.argv.indexOf(verb) + 1];
  return next !== undefined && below?.includes(next) === true ? `${verb} ${next}` : verb;
}

void main().then((exitCode) => {
  process.exitCode = exitCode;
  // A pipe that nobody writes to would keep the process after Ctrl-C.
  if (exitCode > 128) process.exit();
});
