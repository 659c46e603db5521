// `stowage tokenize`: what rows become, with the tokens that are trained on in colour.

import type { Command } from "commander";
import { type TextOptions, type TokenizedRow, tokenize } from "../index.js";
import { count, plural } from "./figures.js";
import { addThreads, integer, SPLIT } from "./options.js";
import { metered } from "./progress.js";
import { printable, type Session } from "./session.js";
import { addTextOptions, textFlags } from "./text.js";

const EXAMPLES = `
Examples:
  $ stowage tokenize chats.jsonl --tokenizer ./Qwen3-8B --messages-column messages --show 3
  $ stowage tokenize web.parquet --tokenizer tokenizer.json --text-column text --json

On a terminal, tokens that are trained on are green; elsewhere they stand between [ and ]. A bar
stands between two tokens.`;

export function addTokenize(program: Command, session: Session): void {
  const command = program
    .command("tokenize")
    .summary("show what rows of text become: tokens, and what is trained on")
    .description("Tokenizes the first rows of text or conversations and shows them.")
    .argument("<input...>", "files, folders or patterns: Parquet, Arrow IPC, JSON lines")
    .option("--show <rows>", "how many rows (default: 1)", integer)
    .option("--split <name>", SPLIT);
  addThreads(addTextOptions(command))
    .addHelpText("after", EXAMPLES)
    .action((inputs: string[], given: TokenizeFlags & Record<string, unknown>) =>
      show(session, inputs, given),
    );
}

interface TokenizeFlags {
  show?: number;
  split?: string;
  threads?: number;
}

async function show(
  session: Session,
  input: string[],
  given: TokenizeFlags & Record<string, unknown>,
): Promise<void> {
  const { show: limit, split, threads } = given;
  const text = (textFlags(given).text ?? {}) as TextOptions;
  const rows = await metered(session, (watch) =>
    tokenize(
      { input, ...(split !== undefined && { split }), ...(limit !== undefined && { limit }) },
      { ...text, ...(threads !== undefined && { threads }), ...watch },
    ),
  );
  session.printJson({ rows });
  const { bold, dim } = session.colours(process.stdout);
  for (const [k, row] of rows.entries()) {
    const trained = row.trained.filter((mark) => mark).length;
    const figures = `${plural(row.ids.length, "token")}, ${count(trained)} trained on`;
    session.print(`${k > 0 ? "\n" : ""}${bold(`row ${k}`)}  ${dim(figures)}`);
    session.print(painted(session, row));
    session.print(dim(`ids ${row.ids.join(" ")}`));
  }
}

/** The pieces of a row, a bar between two; what is trained on in green, or in brackets. */
function painted(session: Session, { text, offsets, trained }: TokenizedRow): string {
  const { green, dim } = session.colours(process.stdout);
  const coloured = green("x") !== "x";
  let out = "";
  let before = false;
  let end = -1;
  for (const [k, [from, to]] of offsets.entries()) {
    const mark = trained[k] === true;
    if (!coloured && before && !mark) out += "]";
    out += k === 0 ? "" : dim("|");
    if (!coloured && !before && mark) out += "[";
    before = mark;
    // Tokens of one character show it once; those of the post-processor stand for no text.
    const piece = to > end ? shown(text.slice(Math.max(from, end), to)) : "";
    end = Math.max(end, to);
    out += mark ? green(piece) : piece;
  }
  return `${out}${!coloured && before ? "]" : ""}`;
}

/** Line ends show as such and break the line; what a terminal would obey as its code. */
function shown(piece: string): string {
  return printable(piece.replace(/\r/g, "\\r")).replace(/\n/g, "\\n\n");
}
