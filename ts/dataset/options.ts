// The options of jobs over files: their checks, in the order in which they are documented, and
// their form for native code.

import { StowageError } from "../base/errors.js";
import type { Native } from "../base/native.js";
import {
  booleanOption,
  choiceOption,
  type Given,
  givenOptions,
  integerOption,
  keysOf,
  refuseUnknown,
  show,
  toChoice,
} from "../base/options.js";
import { type Checked, checkPackOptions, type PackOptions, packKeys } from "../packing/options.js";
import { checkText, hasMask, type TextOptions } from "../text/options.js";
import { allFormats, type DatasetFormat } from "./formats.js";
import { type FileInput, type GivenInput, type Items, toPath, toSource } from "./inputs.js";

/** Names of source columns. */
export interface SourceColumns {
  /** Token ids: a list of integers per row. Default 'input_ids'. */
  tokens?: string | undefined;
  /** Lengths instead of tokens: an integer column. For 'seqpack', which writes no tokens. */
  lengths?: string | undefined;
  /** The caller's own ids of sequences: an integer column. For 'seqpack'. */
  ids?: string | undefined;
  /** Own labels, a list shaped like the tokens; -100 = ignore. */
  labels?: string | undefined;
  /** Which tokens count for the loss (1 or true) and which don't, or their weights (floats): a list shaped like the tokens. */
  lossMask?: string | undefined;
  /** 1 at tokens and 0 at padding, a list shaped like the tokens: padding is left out, with its labels and mask. A column `attention_mask` with zeros that no option names is an error. */
  attentionMask?: string | undefined;
  /** Columns that are there and that the packs do without. `labels`, `assistant_masks`, `completion_mask` and `loss_mask` are errors unless an option names them. */
  ignore?: readonly string[] | undefined;
  /** Columns taken along, one value per sequence, of any Arrow type. For 'parquet' and 'arrow'. They are held in memory. */
  carry?: readonly string[] | undefined;
}

/** What decides a packed data set. Same inputs, same options: same bytes. */
export interface PackDatasetOptions extends PackOptions {
  /**
   * Files, folders, patterns (`*`, `?`, `[a-z]`, `**`, `{a,b}`, `{00..63}`) or `file:` URLs: Parquet, Arrow IPC, JSON. An array keeps its order; folders and patterns expand in byte order of the path.
   *
   * Or what gives rows, Arrow record batches or bytes one after another: an iterable, an async iterable, a stream. It is
   * put down beside the output first, in bounded memory: rows as JSON lines, batches as an Arrow stream, bytes as they
   * are; the result is that of such a file. docs/sources.md says what is read.
   */
  input: FileInput | GivenInput;
  /** Which split of input folders, as 'train': needed where the names of files or folders, or a dataset_dict.json, say several. */
  split?: string | undefined;
  /** Take packed data sets as sources, each pack for one sequence. Default false: they are an error. */
  repack?: boolean | undefined;
  /** A sequence without any label but -100, after `overlong`: 'keep' packs it, counts it and warns, 'drop' leaves it out, 'error' names it. Where labels or a loss mask are named. Default 'keep'. */
  withoutTargets?: "keep" | "drop" | "error" | undefined;
  /** The folder to make. It appears under this name only when it is complete. */
  output: string;
  /** What is written: see {@link DatasetFormat}. */
  format: DatasetFormat | (string & {});
  /** Source columns. Default: tokens 'input_ids'; the others only when named. With `text`, `carry` alone. */
  columns?: SourceColumns | undefined;
  /** Text or conversations in place of token ids: see {@link TextOptions}. */
  text?: TextOptions | undefined;
  /** Id at padding, 0 .. 2^31-1. Default `eosTokenId`, else 0. */
  padTokenId?: number | undefined;
  /** Appended to every sequence that has tokens and doesn't end with it, 0 .. 2^31-1; with `text` also the token's own text, as '<|endoftext|>'. Default: nothing is inserted. */
  eosTokenId?: number | string | undefined;
  /** Megatron only: decides between uint16 and int32 files. Default with `text`: the tokenizer's. */
  vocabSize?: number | undefined;
  /** Bytes per output shard before compression. Default 512 MiB; mds 64 MiB. Not for npy, megatron, seqpack. */
  shardSize?: number | undefined;
  /** Parquet only. Default 'zstd' (level 1). */
  compression?: "zstd" | "snappy" | "none" | undefined;
  /** Number of the epoch, from 0; each gives another pairing and another order of packs. Default 0. */
  epoch?: number | undefined;
  /** Order of packs: 'shuffled' by `seed` (default), 'plan' (longest first), or 'balanced'. */
  order?: "shuffled" | "plan" | "balanced" | undefined;
  /** Cost of a pack for 'balanced': linear × Σ length + quadratic × Σ length². Default { linear: 0, quadratic: 1 }. */
  cost?: { linear: number; quadratic: number } | undefined;
  /** Packs that run side by side; 'balanced' needs it. */
  worldSize?: number | undefined;
  /** Replace an existing output that stowage wrote. Default false. */
  overwrite?: boolean | undefined;
}

/** Names of the options besides those of the packing. */
export const datasetKeys: readonly string[] = keysOf<
  Omit<PackDatasetOptions, Exclude<keyof PackOptions, "cost">>
>({
  input: true,
  split: true,
  repack: true,
  withoutTargets: true,
  output: true,
  format: true,
  columns: true,
  text: true,
  padTokenId: true,
  eosTokenId: true,
  vocabSize: true,
  shardSize: true,
  compression: true,
  epoch: true,
  order: true,
  cost: true,
  worldSize: true,
  overwrite: true,
});

/** All options of {@link PackDatasetOptions}, those of a job excepted. */
export const packDatasetKeys: readonly string[] = [...packKeys, ...datasetKeys];

type NativeOptions = Parameters<Native["packDataset"]>[0];

const columnKeys = keysOf<SourceColumns>({
  tokens: true,
  lengths: true,
  ids: true,
  labels: true,
  lossMask: true,
  attentionMask: true,
  ignore: true,
  carry: true,
});
const targetPolicies = ["keep", "drop", "error"] as const;
const compressions = ["zstd", "snappy", "none"] as const;
const orders = ["shuffled", "plan", "balanced"] as const;
const largestId = 0x7fff_ffff;

/** Options in the form for native code, and what gives the items of a source that isn't made of files. */
export interface CheckedDataset {
  readonly options: NativeOptions;
  readonly items: Items | undefined;
}

/** `given` in the form for native code; unknown keys have been refused. */
export function checkDatasetOptions(given: Given): CheckedDataset {
  const { native: pack }: Checked = checkPackOptions(given, true);
  const { paths: inputs, items } = toSource(given.input);
  const split = toSplit(given.split);
  const repack = booleanOption(given, "repack") ?? false;
  const withoutTargets = choiceOption(given, "withoutTargets", targetPolicies) ?? "keep";
  const output = toPath(given.output, "output");
  const format = toChoice(given.format, "format", allFormats);
  const columns = toColumns(given.columns, format);
  const text = checkText(given.text);
  if (text !== null) refuseTokenColumns(given.columns);
  const { labels, lossMask } = columns;
  const masked = labels !== null || lossMask !== null || (text !== null && hasMask(text));
  if (withoutTargets !== "keep" && !masked) {
    const message =
      "`withoutTargets` needs `columns.labels`, `columns.lossMask` or a `text` that isn't trained on as a whole; leave it out";
    throw new StowageError("ERR_OPTION", message);
  }
  const padTokenId = integerOption(given, "padTokenId", 0, largestId);
  const eosToken = text !== null && typeof given.eosTokenId === "string" ? given.eosTokenId : null;
  if (text !== null) text.eosToken = eosToken;
  const eosTokenId =
    eosToken === null ? integerOption(given, "eosTokenId", 0, largestId) : undefined;
  const vocabSize = integerOption(given, "vocabSize", 1, 0xffff_ffff);
  if (vocabSize !== undefined && format !== "megatron") only("vocabSize", "'megatron'", format);
  const shardSize = integerOption(given, "shardSize", 1, Number.MAX_SAFE_INTEGER);
  const compression = choiceOption(given, "compression", compressions);
  if (compression !== undefined && format !== "parquet") only("compression", "'parquet'", format);
  const epoch = integerOption(given, "epoch", 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const order = choiceOption(given, "order", orders) ?? "shuffled";
  const cost = toCost(given.cost);
  const worldSize = integerOption(given, "worldSize", 1, 0xffff_ffff);
  if (order === "balanced" && worldSize === undefined) {
    throw new StowageError("ERR_OPTION", "`order` 'balanced' needs `worldSize`");
  }
  const overwrite = booleanOption(given, "overwrite") ?? false;
  const options = {
    ...{ inputs, repack, output, format, pack, columns, text, epoch, overwrite, ...cost },
    split: split ?? null,
    withoutTargets: targetPolicies.indexOf(withoutTargets),
    worldSize: worldSize ?? 1,
    padTokenId: padTokenId ?? null,
    eosTokenId: eosTokenId ?? null,
    vocabSize: vocabSize ?? null,
    shardSize: shardSize ?? null,
    compression: compressions.indexOf(compression ?? "zstd"),
    order: orders.indexOf(order),
  };
  return { options, items };
}

/** With text, the columns of tokens mean nothing. */
export function refuseTokenColumns(columns: unknown): void {
  for (const name of Object.keys(columns ?? {})) {
    if (name === "carry" || (columns as Given)[name] === undefined) continue;
    const message = `\`columns.${name}\` is for token columns, and \`text\` is given; with it, \`columns\` may name \`carry\` alone`;
    throw new StowageError("ERR_OPTION", message);
  }
}

/** The name of a split. */
export function toSplit(split: unknown): string | undefined {
  if (split === undefined || (typeof split === "string" && split !== "")) return split;
  throw new StowageError("ERR_OPTION", `\`split\` must be a split's name, got ${show(split)}`);
}

/** A column's name. */
export function toColumn(column: unknown, name: string): string {
  if (typeof column === "string" && column !== "") return column;
  throw new StowageError("ERR_OPTION", `\`${name}\` must be a column's name, got ${show(column)}`);
}

/** Source columns with their defaults; what the format has no place for is refused. */
export function toColumns(columns: unknown, format?: DatasetFormat): NativeOptions["columns"] {
  const given = givenOptions(columns === undefined ? {} : columns, "column names");
  refuseUnknown(given, columnKeys);
  const named = (key: string): string | undefined =>
    given[key] === undefined ? undefined : toColumn(given[key], `columns.${key}`);
  const [lengths, ids] = [named("lengths"), named("ids")];
  if (format !== undefined && format !== "seqpack") {
    if (lengths !== undefined) only("columns.lengths", "'seqpack'", format);
    if (ids !== undefined) only("columns.ids", "'seqpack'", format);
  }
  const [tokens, labels, lossMask] = [named("tokens"), named("labels"), named("lossMask")];
  const attentionMask = named("attentionMask");
  const list = (key: "carry" | "ignore"): string[] => {
    const names = given[key] ?? [];
    if (Array.isArray(names)) return names.map((name, k) => toColumn(name, `columns.${key}[${k}]`));
    const message = `\`columns.${key}\` must be an array of column names, got ${show(names)}`;
    throw new StowageError("ERR_OPTION", message);
  };
  const [carry, ignore] = [list("carry"), list("ignore")];
  const used = { tokens: tokens ?? "input_ids", lengths, ids, labels, lossMask, attentionMask };
  for (const [key, name] of [...Object.entries(used), ...carry.map((name) => ["carry", name])]) {
    if (name === undefined || !ignore.includes(name)) continue;
    const message = `\`columns.ignore\` has '${name}', which \`columns.${key}\` names; leave one of them out`;
    throw new StowageError("ERR_OPTION", message);
  }
  return {
    tokens: used.tokens,
    ...{ carry, ignore },
    attentionMask: attentionMask ?? null,
    labels: labels ?? null,
    lossMask: lossMask ?? null,
    lengths: lengths ?? null,
    ids: ids ?? null,
  };
}

function toCost(cost: unknown): { linear: number; quadratic: number } {
  if (cost === undefined) return { linear: 0, quadratic: 1 };
  const given = givenOptions(cost, "linear and quadratic");
  refuseUnknown(given, ["linear", "quadratic"]);
  const weight = (key: "linear" | "quadratic"): number => {
    const value = given[key];
    if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
    const message = `\`cost.${key}\` must be a finite number >= 0, got ${show(value)}`;
    throw new StowageError("ERR_OPTION", message);
  };
  return { linear: weight("linear"), quadratic: weight("quadratic") };
}

function only(name: string, formats: string, format: string): never {
  const message = `\`${name}\` is for format ${formats}, not for '${format}'; leave it out`;
  throw new StowageError("ERR_OPTION", message);
}
