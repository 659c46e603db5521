// The options of sources with text: their checks, and their form for native code.

import { StowageError } from "../base/errors.js";
import type { Native } from "../base/native.js";
import {
  booleanOption,
  choiceOption,
  type Given,
  givenOptions,
  keysOf,
  refuseUnknown,
  show,
} from "../base/options.js";

/** Sources with text instead of token ids. docs/from-text.md tells it as a whole. */
export interface TextOptions {
  /** A `tokenizer.json`, or a folder with one and, for conversations, `tokenizer_config.json` or `chat_template.jinja` (a downloaded model folder). Nothing is downloaded. */
  tokenizer: string;
  /** Column of plain text. Exactly one of `text`, `messages`, and `prompt` with `completion`. */
  text?: string | undefined;
  /** Column of conversations: a list of { role, content, … } (content: a string, or a list of { type: 'text', text }), or ShareGPT's { from, value }. */
  messages?: string | undefined;
  /** Column of prompts: strings, or lists of messages. */
  prompt?: string | undefined;
  /** Column of what completes them, of the same kind. */
  completion?: string | undefined;
  /** Column of tool definitions, given to the template as `tools`; strings are parsed as JSON. */
  tools?: string | undefined;
  /** File of the chat template. Default: the tokenizer's own. */
  chatTemplate?: string | undefined;
  /** Further names that the template may use, as { enable_thinking: false }. `now` fixes the time, as '2025-01-31T12:00:00'. */
  templateArguments?: Readonly<Record<string, unknown>> | undefined;
  /** What is trained on: 'all', 'assistant' (every turn of the assistant), 'last' (its last turn), 'completion'. Default: 'assistant' for conversations, 'completion' for prompt and completion, 'all' for text. */
  trainOn?: "all" | "assistant" | "last" | "completion" | undefined;
  /** Special tokens that the tokenizer's post-processor adds. Default: true for text and for prompts and completions that are strings, false where a template made the text. */
  addSpecialTokens?: boolean | undefined;
  /** Whether strings like '<|im_end|>' in content become special tokens. Default: false for messages and tools (a row must not be able to end its own turn), true for text and for prompts and completions that are strings. Where false, rows with such strings are counted and warned about. */
  specialTokensInContent?: boolean | undefined;
}

const trainOns = ["all", "assistant", "last", "completion"] as const;
const columnKeys = ["text", "messages", "prompt", "completion", "tools"] as const;

/** Names of the options of text. */
export const textKeys: readonly string[] = keysOf<TextOptions>({
  tokenizer: true,
  text: true,
  messages: true,
  prompt: true,
  completion: true,
  tools: true,
  chatTemplate: true,
  templateArguments: true,
  trainOn: true,
  addSpecialTokens: true,
  specialTokensInContent: true,
});

type NativeText = Parameters<Native["tokenize"]>[0];

/** `text` in the form for native code; null where it isn't given. */
export function checkText(text: unknown): NativeText | null {
  if (text === undefined) return null;
  const given = givenOptions(text, "tokenizer and a column");
  refuseUnknown(given, textKeys);
  return toNativeText(given);
}

/** Options of text in the form for native code; unknown keys have been refused. */
export function toNativeText(given: Given): NativeText {
  const tokenizer = toName(given, "tokenizer", "a path");
  if (tokenizer === null) {
    throw new StowageError("ERR_OPTION", "`text.tokenizer` must be given: a path");
  }
  const columns = Object.fromEntries(
    columnKeys.map((key) => [key, toName(given, key, "a column's name")]),
  ) as Record<(typeof columnKeys)[number], string | null>;
  const { text, messages, prompt, completion, tools } = columns;
  if ((prompt === null) !== (completion === null)) {
    const message = "`text.prompt` and `text.completion` go together; name both columns";
    throw new StowageError("ERR_OPTION", message);
  }
  const kinds = [text, messages, prompt].filter((column) => column !== null).length;
  if (kinds !== 1) {
    const message = `exactly one of \`text.text\`, \`text.messages\`, and \`text.prompt\` with \`text.completion\` must be given, got ${kinds}`;
    throw new StowageError("ERR_OPTION", message);
  }
  if (tools !== null && text !== null) {
    const message = "`text.tools` is for conversations, not for plain text; leave it out";
    throw new StowageError("ERR_OPTION", message);
  }
  const trainOn = choiceOption(given, "trainOn", trainOns);
  return {
    ...columns,
    tokenizer,
    chatTemplate: toName(given, "chatTemplate", "a path"),
    templateArguments: toArguments(given.templateArguments),
    trainOn: trainOn === undefined ? null : trainOns.indexOf(trainOn),
    addSpecialTokens: booleanOption(given, "addSpecialTokens") ?? null,
    specialTokensInContent: booleanOption(given, "specialTokensInContent") ?? null,
    eosToken: null,
  };
}

/** Whether these options give a mask of what is trained on. */
export function hasMask({ trainOn, text }: NativeText): boolean {
  return trainOn === null ? text === null : trainOn !== trainOns.indexOf("all");
}

function toName(given: Given, key: string, what: string): string | null {
  const value = given[key];
  if (value === undefined) return null;
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw new StowageError("ERR_OPTION", `\`text.${key}\` must be ${what}, got ${show(value)}`);
}

function toArguments(value: unknown): string {
  if (value === undefined) return "{}";
  const given = givenOptions(value, "names for the template");
  try {
    return JSON.stringify(given);
  } catch {
    const message = "`text.templateArguments` must be what JSON can hold";
    throw new StowageError("ERR_OPTION", message);
  }
}
