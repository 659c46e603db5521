// The options that verbs share, and how their values are read. An option's name is that of the
// library in kebab-case, so commander hands it back under the library's own name.

import { type Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { PackDatasetOptions, PackOptions } from "../index.js";

/** Everything in `PackOptions` but the capacity, which verbs treat differently. */
export type PackFlags = Omit<PackOptions, "capacity">;

// Records, so that the compiler asks for every option: one that is missing here would be dropped.
const PACK_NAMES = Object.keys({
  strategy: true,
  maxSequencesPerPack: true,
  sequenceAlignment: true,
  packCountMultipleOf: true,
  packCount: true,
  overlong: true,
  empty: true,
  seed: true,
  tolerance: true,
  harmonicClasses: true,
  effort: true,
  objective: true,
  cost: true,
  equalCounts: true,
} satisfies Record<keyof PackFlags, true>);

/** What is put together from several flags, or said by the verb. */
type Composed = "input" | "output" | "format" | "columns" | "text" | "capacity";

const DATASET_NAMES = Object.keys({
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
  split: true,
  repack: true,
  withoutTargets: true,
  threads: true,
} satisfies Record<
  Exclude<keyof PackDatasetOptions, keyof PackFlags | Composed> | "cost" | "threads",
  true
>);

/** Options of jobs over many machines. */
const JOB_NAMES = ["partitionSize", "groupPacks", "maxLoss", "perTask"];

/** Options whose library names differ from what is typed. */
export const OPTION_NAMES: ReadonlySet<string> = new Set([
  ...[...PACK_NAMES, ...DATASET_NAMES],
  ...JOB_NAMES,
]);

/** maxSequencesPerPack as --max-sequences-per-pack. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Refuses a call without the options `names`. Commander's own check comes before it looks for unknown
 * options, so that `--capacty 3` would be told that --capacity is missing and not what is misspelt.
 */
export function need(given: object, ...names: string[]): void {
  const missing = names.filter((name) => !(name in given)).map(flagOf);
  if (missing.length === 0) return;
  const message = `${missing.join(" and ")} must be given`;
  throw new CommanderError(2, "stowage.missing", message);
}

/** 4096 or 4_096. */
export function integer(text: string): number {
  if (!/^\d+(_\d+)*$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text.replaceAll("_", ""));
}

/** 0.5, 10. */
export function real(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new InvalidArgumentError("A number is expected.");
  }
  return value;
}

/** A whole number, as a bigint where a number would not be exact. */
export function seed(text: string): number | bigint {
  const value = integer(text);
  return Number.isSafeInteger(value) ? value : BigInt(text.replaceAll("_", ""));
}

const SIZES: Readonly<Record<string, number>> = { "": 0, k: 10, m: 20, g: 30 };

/** 67108864, 64M or 64MiB. */
export function size(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)(?:([kmg])(?:i?b)?)?$/i.exec(text) ?? [];
  if (digits === "") throw new InvalidArgumentError("Bytes are expected, as in 64MiB.");
  return Number(digits) * 2 ** (SIZES[unit.toLowerCase()] ?? 0);
}

/** 2048,4096 and several of them, in the order given, each once. */
export function integers(text: string, before: number[] | undefined): number[] {
  return [...new Set([...(before ?? []), ...text.split(",").map(integer)])];
}

/** a,b and several of them. */
export function names(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...text.split(",").filter((name) => name !== "")];
}

/** LINEAR,QUADRATIC. */
function cost(text: string): { linear: number; quadratic: number } {
  const [linear, quadratic, ...rest] = text.split(",").map(real);
  if (linear === undefined || quadratic === undefined || rest.length > 0) {
    throw new InvalidArgumentError("Two numbers are expected, as in 0,1.");
  }
  return { linear, quadratic };
}

/** What can become of a sequence longer than the capacity. */
export const OVERLONG: readonly string[] = [
  ...["error", "drop", "truncate", "truncate-start", "split"],
];

/** What becomes of a sequence that doesn't fit, and of an empty one, unless that is said. */
const POLICIES = { overlong: "error", empty: "error" };

/** The options of the two policies; their help says what happens without them. */
export function addPolicies(command: Command, { overlong, empty } = POLICIES): Command {
  return command
    .addOption(
      new Option(
        "--overlong <policy>",
        `what to do with a sequence longer than the capacity (default: ${overlong})`,
      ).choices(OVERLONG),
    )
    .addOption(
      new Option(
        "--empty <policy>",
        `what to do with a sequence of length 0 (default: ${empty})`,
      ).choices(["error", "drop"]),
    );
}

/** Adds the options of packing itself; `strategy` apart, since `stats` takes several. */
export function addPackOptions(command: Command, policies = POLICIES): Command {
  return addPolicies(command, policies)
    .option("--max-sequences-per-pack <n>", "at most this many sequences in a pack", integer)
    .option(
      "--sequence-alignment <n>",
      "each sequence takes a multiple of this many tokens",
      integer,
    )
    .option("--pack-count-multiple-of <n>", "make the number of packs a multiple of this", integer)
    .option("--pack-count <n>", "make exactly this many packs", integer)
    .option("--seed <n>", "seed of every shuffled choice (default: 0)", seed)
    .option("--tolerance <n>", "decreasing strategies: lengths this close count as equal", integer)
    .option("--harmonic-classes <n>", "classes of the strategy harmonic (default: 10)", integer)
    .option("--effort <x>", "work that auto and optimal may spend (default: 1, 0: none)", real)
    .addOption(
      new Option(
        "--objective <name>",
        "what to keep small: the packs, or the largest load of a pack (default: packs)",
      ).choices(["packs", "maxLoad"]),
    )
    .option(
      "--cost <linear,quadratic>",
      "load of a sequence for maxLoad (default: 1,0), cost of a pack for the order balanced (default: 0,1)",
      cost,
    )
    .option("--equal-counts", "maxLoad: equally many sequences in every pack");
}

/** What the help of an option says without which the verb can't run. */
export const REQUIRED = "(required)";

/** What the options of input folders say. */
export const SPLIT = "which split of a folder that has several, as train";
export const REPACK = "take packed data sets as sources, each pack for one sequence";

export function addThreads(command: Command): Command {
  return command.option("--threads <n>", "parts of the job that run at once", integer);
}

/** Adds the options of writing a data set. */
export function addDatasetOptions(command: Command): Command {
  return addThreads(command)
    .option("--tokens-column <name>", "column of token ids (default: input_ids)")
    .option("--labels-column <name>", "column of labels to carry over")
    .option("--loss-mask-column <name>", "column that says which tokens are trained on")
    .option(
      "--attention-mask-column <name>",
      "column with 0 at padding, which is left out of the packs",
    )
    .option("--carry-columns <names>", "columns to carry along, comma-separated", names)
    .option("--ignore-columns <names>", "columns to do without knowingly, comma-separated", names)
    .addOption(
      new Option(
        "--without-targets <policy>",
        "a sequence with labels of -100 only (default: keep)",
      ).choices(["keep", "drop", "error"]),
    )
    .option("--split <name>", SPLIT)
    .option("--repack", REPACK)
    .option(
      "--pad-token-id <id>",
      "token id of padding (default: that of the end, else 0)",
      integer,
    )
    .option("--eos-token-id <id>", "end every sequence with this token id", integer)
    .addOption(
      new Option("--eos-token <text>", "of text: the same by the token's text").conflicts(
        "eosTokenId",
      ),
    )
    .option("--vocab-size <n>", "size of the vocabulary (megatron)", integer)
    .option("--shard-size <bytes>", "bytes per output file, as in 512MiB", size)
    .addOption(
      new Option("--compression <name>", "compression of Parquet pages (default: zstd)").choices([
        "zstd",
        "snappy",
        "none",
      ]),
    )
    .option("--epoch <n>", "number of the epoch, from 0", integer)
    .addOption(
      new Option("--order <order>", "order of the packs (default: shuffled)").choices([
        "shuffled",
        "plan",
        "balanced",
      ]),
    )
    .option("--world-size <n>", "packs that run side by side, for the order balanced", integer)
    .option("--overwrite", "replace an existing output that stowage wrote");
}

/** The options among `given` that packing takes; absent ones stay absent. */
export function packFlags(given: Record<string, unknown>): PackFlags {
  return pick(given, PACK_NAMES) as PackFlags;
}

/** The options among `given` that writing a data set takes besides those of packing. */
export function datasetFlags(given: Record<string, unknown>): Partial<PackDatasetOptions> {
  const { tokensColumn, labelsColumn, lossMaskColumn, lengthsColumn, idsColumn, carryColumns } =
    given;
  const { attentionMaskColumn, ignoreColumns } = given;
  const named = Object.entries({
    tokens: tokensColumn,
    lengths: lengthsColumn,
    ids: idsColumn,
    labels: labelsColumn,
    lossMask: lossMaskColumn,
    attentionMask: attentionMaskColumn,
    ignore: ignoreColumns,
    carry: carryColumns,
  }).filter(([, value]) => value !== undefined);
  return {
    ...pick(given, DATASET_NAMES),
    ...(given.eosToken !== undefined && { eosTokenId: given.eosToken as string }),
    ...(named.length > 0 && { columns: Object.fromEntries(named) }),
  };
}

function pick(given: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => given[key] !== undefined).map((key) => [key, given[key]]),
  );
}
