// What went wrong, in one line with the code, in the words of the command line.

import { CommanderError } from "commander";
import { StowageError } from "../index.js";
import { printable, type Session } from "./session.js";
import { spoken, withoutAdvice } from "./spoken.js";

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Codes that blame an argument rather than the data. */
const USAGE_CODES: ReadonlySet<string> = new Set(["ERR_CAPACITY", "ERR_OPTION", "ERR_STRATEGY"]);

/** What to type next, where the library's message speaks of options in JavaScript. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_OVERLONG:
    "use --overlong drop, truncate, truncate-start or split; `stowage stats` shows what each costs",
  ERR_EMPTY_SEQUENCE: "use --empty drop to leave empty sequences out",
  ERR_OUTPUT_EXISTS: "use --overwrite to replace an output that stowage wrote",
};

/** The same where a verb has other options for it. */
const VERB_HINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  prepare: {
    ERR_CAPACITY: "the capacity is what --max-seq-len says",
    ERR_OVERLONG: "use --filter-over-cap to leave such sequences out, or a larger --max-seq-len",
    ERR_EMPTY_SEQUENCE: "use --filter-empty to leave empty sequences out",
  },
  "job init": { ERR_OUTPUT_EXISTS: "a job never replaces an output: name a new folder" },
  "job plan": {
    ERR_OVERLONG: "begin another job with --overlong drop, truncate, truncate-start or split",
    ERR_EMPTY_SEQUENCE: "begin another job with --empty drop to leave empty sequences out",
    ERR_JOB_INCOMPLETE: "`stowage job status` has what is missing",
  },
  "job finalize": { ERR_JOB_INCOMPLETE: "`stowage job status` has what is missing" },
};

/** Says what went wrong on standard error; returns the exit code. */
export function fail(session: Session, error: unknown, verb?: string): number {
  if (error instanceof CommanderError) return failOfUsage(session, error, verb);
  const stopped = session.stoppedBy;
  if (stopped !== undefined) {
    if (!session.quiet)
      process.stderr.write(`stowage: ${stopped.name}, unfinished output removed\n`);
    return stopped.exitCode;
  }
  if (!(error instanceof StowageError)) {
    say(
      session,
      "ERR_INTERNAL",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
    return EXIT_FAILED;
  }
  const { code, index, length, capacity, path, row, columns } = error;
  const details = { index, length, capacity, path, row, columns };
  const hint = hintOf(code, verb);
  const words = path === undefined ? process.argv : [path, ...process.argv];
  const message = spoken(error.message, words, hint === undefined ? undefined : withoutAdvice);
  say(session, code, message, hint, details);
  return USAGE_CODES.has(code) ? EXIT_USAGE : EXIT_FAILED;
}

/** What to type next; nothing that has been typed already. */
function hintOf(code: string, verb: string | undefined): string | undefined {
  if (code === "ERR_OUTPUT_EXISTS" && process.argv.includes("--overwrite")) return undefined;
  return (verb === undefined ? undefined : VERB_HINTS[verb]?.[code]) ?? HINTS[code];
}

function failOfUsage(session: Session, error: CommanderError, verb: string | undefined): number {
  // Help and version were asked for: they have been printed, and nothing is wrong.
  if (error.exitCode === 0) return 0;
  // Help for want of a verb has been printed as well.
  if (error.code === "commander.help") return EXIT_USAGE;
  const help = verb === undefined || verb === "help" ? "stowage --help" : `stowage ${verb} --help`;
  say(session, "ERR_USAGE", error.message.replace(/^error: /, ""), `see \`${help}\``);
  return EXIT_USAGE;
}

function say(
  session: Session,
  code: string,
  message: string,
  hint?: string,
  details: Record<string, unknown> = {},
): void {
  if (session.json) {
    const error = { code, message, hint, ...details };
    process.stderr.write(`${session.document({ error })}\n`);
    return;
  }
  const { red, dim } = session.colours(process.stderr);
  const lines = printable(session.named(message))
    .split("\n")
    .filter((line) => line !== "");
  const words = `${red(`stowage: ${code}:`)} ${lines.join("\n  ")}`;
  process.stderr.write(hint === undefined ? `${words}\n` : `${words}\n  ${dim(hint)}\n`);
}
