// What the JSON files of a job folder hold, as far as callers read them.

import type { PackDatasetOptions, PackOptions, SourceColumns } from "stowage";

/** Where a run of rows lies: a file, or row groups (Parquet) or record batches (Arrow) of it. */
export interface PartitionInput {
  /** The file. Where only the caller can read the store, its address there. */
  path: string;
  /** Size of the whole file; another one later is `ERR_INPUT_CHANGED`. */
  bytes: number;
  /** Its row groups or record batches from the first number up to, and without, the second. Default: all. */
  rowGroups?: [from: number, to: number];
}

/** Consecutive input that one task counts and places. */
export interface Partition {
  /** Files or parts of files, in input order. */
  inputs: PartitionInput[];
}

/** job.json: everything that decides the bytes. It never changes after `initJob`. */
export interface JobDocument {
  /** Of this layout of the folder. */
  version: 1;
  /** 32 hex digits: the beginning of SHA-256 over all else. */
  id: string;
  /** Version of stowage that made it; every step must be of the same. */
  productVersion: string;
  /** `local`: a plan per group of partitions; `shuffle`: one plan, the bytes of `packDataset`. */
  mode: "local" | "shuffle";
  /** The folder that becomes the data set; or an address, where the caller uploads. */
  output: string;
  /** Of the data set. */
  format: string;
  /** Options of the packing; a seed from 2^53 on is a string of digits. */
  pack: Omit<PackOptions, "seed"> & { seed?: number | string };
  /** Options of the data set. */
  dataset: Partial<PackDatasetOptions> & { columns: SourceColumns };
  /** All input, in order. */
  partitions: Partition[];
  /** Part of the packs that local mode may cost more than one plan. */
  maxLoss: number;
  /** Packs that a group of partitions should have at least; local mode. */
  groupPacks: number;
}

/** What local mode costs against one plan over everything. */
export interface JobLoss {
  /** Packs of one plan. */
  globalPacks: number;
  /** No packing of all sequences has fewer. */
  lowerBound: number;
  /** Packs of all groups. */
  localPacks: number;
  /** Packs more, as a part of `globalPacks`. */
  ratio: number;
}

/** What is read of layout.json here. */
export interface LayoutDocument {
  /** Of the plan over everything. */
  planId: string;
  /** Output files. */
  shards: { path: string; firstPack: number; packs: number; segments: number; places: number }[];
  /** Local mode: partitions that are planned and written together, and their output files. */
  groups?: { partitions: number[]; planId: string; shards: [from: number, to: number] }[];
  /** What local mode costs. */
  loss: JobLoss;
}
