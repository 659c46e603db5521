// The options of sources with text, which `pack`, `stats`, `plan`, `verify` and `tokenize` share.

import { type Command, InvalidArgumentError, Option } from "commander";
import type { TextOptions } from "../index.js";

/** What is typed for each option of text, where it isn't its own name. */
const TYPED: Readonly<Record<string, string>> = {
  textColumn: "text",
  messagesColumn: "messages",
  promptColumn: "prompt",
  completionColumn: "completion",
  toolsColumn: "tools",
};

const SAME = [
  ...(["tokenizer", "chatTemplate", "templateArguments", "trainOn", "addSpecialTokens"] as const),
  "specialTokensInContent" as const,
];

/** Adds the options of text. */
export function addTextOptions(command: Command): Command {
  return command
    .option("--tokenizer <path>", "tokenizer.json, or a model's folder: the sources hold text")
    .option("--text-column <name>", "column of plain text")
    .option("--messages-column <name>", "column of conversations")
    .option("--prompt-column <name>", "column of prompts")
    .option("--completion-column <name>", "column of what completes them")
    .option("--tools-column <name>", "column of tool definitions")
    .option("--chat-template <file>", "chat template (default: the tokenizer's own)")
    .option("--template-arguments <json>", "further names for the template, as an object", json)
    .addOption(
      new Option(
        "--train-on <what>",
        "what is trained on (default: assistant; completion; of text: all)",
      ).choices(["all", "assistant", "last", "completion"]),
    )
    .option("--add-special-tokens", "add the tokens of the tokenizer's post-processor")
    .option("--no-add-special-tokens", "leave them out")
    .option("--special-tokens-in-content", "strings of special tokens in content become tokens")
    .option("--no-special-tokens-in-content", "they stay text");
}

/** The options of text among `given`; none where none was typed. */
export function textFlags(given: Record<string, unknown>): { text?: TextOptions } {
  const text: Record<string, unknown> = {};
  for (const [typed, name] of Object.entries(TYPED)) {
    if (given[typed] !== undefined) text[name] = given[typed];
  }
  for (const name of SAME) if (given[name] !== undefined) text[name] = given[name];
  return Object.keys(text).length === 0 ? {} : { text: text as unknown as TextOptions };
}

function json(typed: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(typed);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError("An object of JSON is expected, as in '{\"a\": false}'.");
}
