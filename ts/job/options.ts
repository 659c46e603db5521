// The options of initJob: their checks, and their form in job.json, where every default is written out so
// that a call that names one and a call that doesn't are the same job.

import { resolve } from "node:path";
import type { PackDatasetOptions, PackOptions } from "stowage";
import { StowageError } from "../base/errors.js";
import { choiceOption, type Given, integerOption, isInteger, show } from "../base/options.js";
import { toPath } from "../dataset/inputs.js";
import { checkDatasetOptions } from "../dataset/options.js";
import { checkPackOptions } from "../packing/options.js";
import type { JobDocument, Partition, PartitionInput } from "./document.js";

/** What decides a job: the options of `packDataset` that a job knows, and how the work is cut. */
export interface InitJobOptions
  extends Omit<PackOptions, "objective" | "equalCounts" | "tolerance" | "cost">,
    Omit<PackDatasetOptions, keyof PackOptions | "input" | "text" | "overwrite" | "eosTokenId"> {
  /** Files, folders or patterns, as `packDataset` takes them. Needed unless `partitions` is given. */
  input?: string | URL | readonly (string | URL)[] | undefined;
  /** The partitions, made by the caller where only the caller can read the store. In place of `input`. */
  partitions?: readonly Partition[] | undefined;
  /** Appended to every sequence that has tokens and doesn't end with it. Default: nothing is inserted. */
  eosTokenId?: number | undefined;
  /** 'local': partitions are grouped, each group is planned and written by one task, nothing is shuffled. 'shuffle': one plan, and byte for byte the output of `packDataset`. Default 'local'. */
  mode?: "local" | "shuffle" | undefined;
  /** Bytes of input in a partition, about: files are taken together up to it, larger Parquet and Arrow files are cut. Default 1 GiB. */
  partitionSize?: number | undefined;
  /** Local mode: packs that a group should have at least. Default 20000: a group costs about half a pack. */
  groupPacks?: number | undefined;
  /** Local mode: how many packs more than one plan it may cost, as a part of them; above it `planJob` stops. Default 0.0001. */
  maxLoss?: number | undefined;
}

/** Options of `packDataset` and of a job that initJob takes. */
export const initKeys: readonly string[] = [
  ...["input", "partitions", "output", "format", "capacity", "mode", "partitionSize"],
  ...["groupPacks", "maxLoss", "strategy", "maxSequencesPerPack", "sequenceAlignment"],
  ...["packCountMultipleOf", "packCount", "overlong", "empty", "seed", "harmonicClasses"],
  ...["effort", "split", "repack", "withoutTargets", "columns", "padTokenId", "eosTokenId"],
  ...["vocabSize", "shardSize", "compression", "epoch", "order", "cost", "worldSize"],
];

/** Why other options of `packDataset` aren't known to a job. */
export const elsewhere: Readonly<Record<string, string>> = {
  text: "a job reads token ids; tokenize first, and give the job the files",
  objective: "a job makes as few packs as it can; equal loads are for packDataset",
  equalCounts: "a job makes as few packs as it can; equal loads are for packDataset",
  tolerance: "a job needs a plan, and a tolerance is for sequences one after another",
  overwrite: "a job never replaces an output; name a new folder",
};

const modes = ["local", "shuffle"] as const;

/** What of job.json the options say: all but the partitions, the version and the id. */
export type Decided = Omit<JobDocument, "version" | "id" | "productVersion" | "partitions">;

/** `given` as job.json has it; unknown keys have been refused. */
export function decide(given: Given): Decided {
  const output = toOutput(given.output);
  const { options } = checkDatasetOptions({ ...given, input: "unread", output: "unread" });
  const { strategy } = checkPackOptions(given, true);
  const mode = choiceOption(given, "mode", modes) ?? "local";
  if (mode === "local" && given.packCount !== undefined) {
    const message =
      "`packCount` says the packs of one plan, and in local mode every group has its own; use `packCountMultipleOf`, or `mode` 'shuffle'";
    throw new StowageError("ERR_OPTION", message);
  }
  const { columns } = options;
  const named = <T>(name: string): T | undefined => given[name] as T | undefined;
  return {
    mode,
    output,
    format: options.format,
    pack: {
      capacity: options.pack.capacity,
      strategy,
      ...own({ maxSequencesPerPack: named<number>("maxSequencesPerPack") }),
      sequenceAlignment: options.pack.sequenceAlignment,
      packCountMultipleOf: options.pack.packCountMultipleOf,
      ...own({ packCount: named<number>("packCount") }),
      overlong: named<NonNullable<PackOptions["overlong"]>>("overlong") ?? "error",
      empty: named<NonNullable<PackOptions["empty"]>>("empty") ?? "error",
      seed: seedOf(given.seed),
      harmonicClasses: options.pack.harmonicClasses,
      effort: options.pack.effort,
    },
    dataset: {
      columns: {
        tokens: columns.tokens,
        ...own({ labels: columns.labels ?? undefined, lossMask: columns.lossMask ?? undefined }),
        ...own({ attentionMask: columns.attentionMask ?? undefined }),
        ...{ ignore: columns.ignore ?? [], carry: columns.carry },
      },
      withoutTargets: named<"keep" | "drop" | "error">("withoutTargets") ?? "keep",
      ...own({ eosTokenId: named<number>("eosTokenId"), padTokenId: named<number>("padTokenId") }),
      ...own({ vocabSize: named<number>("vocabSize"), shardSize: named<number>("shardSize") }),
      ...own({ compression: named<"zstd" | "snappy" | "none">("compression") }),
      epoch: options.epoch,
      order: named<"shuffled" | "plan" | "balanced">("order") ?? "shuffled",
      cost: { linear: options.linear, quadratic: options.quadratic },
      ...own({ worldSize: named<number>("worldSize"), split: named<string>("split") }),
      repack: options.repack,
    },
    maxLoss: toLoss(given.maxLoss),
    groupPacks: integerOption(given, "groupPacks", 1, Number.MAX_SAFE_INTEGER) ?? 20_000,
  };
}

/** The properties that have a value. */
function own<T extends object>(properties: T): { [K in keyof T]: NonNullable<T[K]> } {
  const found = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as { [K in keyof T]: NonNullable<T[K]> };
}

/** A seed as JSON can hold it: exact. */
function seedOf(seed: unknown): number | string {
  const value = BigInt((seed as number | bigint | undefined) ?? 0);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
}

/** An address of a store: a scheme of more than one letter, so that no drive of Windows is one. */
export function isAddress(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path) && !/^file:/i.test(path);
}

function toOutput(output: unknown): string {
  if (typeof output === "string" && isAddress(output)) return output.replace(/\/+$/, "");
  return resolve(toPath(output, "output"));
}

function toLoss(value: unknown): number {
  if (value === undefined) return 0.0001;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  const message = `\`maxLoss\` must be a finite number >= 0 (a part of the packs: 0.01 is 1 %), got ${show(value)}`;
  throw new StowageError("ERR_OPTION", message);
}

/** Partitions that the caller has made. */
export function toPartitions(given: unknown): Partition[] {
  if (!Array.isArray(given) || given.length === 0)
    throw wrong("partitions", given, "an array with at least one partition");
  return given.map((partition: unknown, p) => {
    const name = `partitions[${p}]`;
    const inputs = (partition as Partition | null)?.inputs;
    if (!Array.isArray(inputs) || inputs.length === 0)
      throw wrong(`${name}.inputs`, inputs, "an array with at least one file");
    return { inputs: inputs.map((input, k) => toPartitionInput(input, `${name}.inputs[${k}]`)) };
  });
}

function toPartitionInput(input: unknown, name: string): PartitionInput {
  const { path, bytes, rowGroups } = (input ?? {}) as Partial<PartitionInput>;
  if (typeof path !== "string" || path === "") throw wrong(`${name}.path`, path, "a path");
  if (!isInteger(bytes, 0, Number.MAX_SAFE_INTEGER))
    throw wrong(`${name}.bytes`, bytes, "the file's size, an integer >= 0");
  const where = isAddress(path) ? path : resolve(toPath(path, `${name}.path`));
  if (rowGroups === undefined) return { path: where, bytes };
  const [from, to] = Array.isArray(rowGroups) ? rowGroups : [];
  if (!isInteger(from, 0, 0xffff_ffff) || !isInteger(to, from + 1, 0xffff_ffff))
    throw wrong(`${name}.rowGroups`, rowGroups, "[from, to] with from < to");
  return { path: where, bytes, rowGroups: [from, to] };
}

function wrong(name: string, value: unknown, needed: string): StowageError {
  return new StowageError("ERR_OPTION", `\`${name}\` must be ${needed}, got ${show(value)}`);
}
