// What can be wrong in one row of a packed data set, in every format that it can be wrong in, and what
// verifyDataset must then say.
import type { DatasetFormat } from "../index.js";
import type { Packed, PackedRow } from "./packed-rows.js";

/** Every format whose data set has rows. */
export const withRows: readonly DatasetFormat[] = [
  ...(["parquet", "arrow", "hf", "trl", "llamafactory", "nemo"] as const),
  ...(["megatron", "mds", "npy", "safetensors"] as const),
];

/** Tokens of each sequence of a row, whatever says where they end. */
export function lengthsOf(row: PackedRow): number[] {
  if (row.has("seq_lengths")) return row.get("seq_lengths");
  if (row.has("seq_start_id")) {
    const starts = row.get("seq_start_id");
    const after = [...starts.slice(1), row.get("input_ids").length];
    return starts.map((start, k) => after[k]! - start);
  }
  const mask = row.get("attention_mask");
  const count = Math.max(...mask);
  return Array.from({ length: count }, (_, k) => mask.filter((id) => id === k + 1).length);
}

/** Where the second sequence of a row begins. */
const joint = (row: PackedRow): number => lengthsOf(row)[0]!;
const last = (row: PackedRow): number => row.get("input_ids").length - 1;

/** Changes one or more values; gives the row that must be named, and the column. */
type Change = (packed: Packed) => { row: number; column: string };

/** Sets one value of the first row for which `where` has a place. */
const set =
  (column: string, where: (row: PackedRow) => number, value: (row: PackedRow) => number): Change =>
  ({ rows }) => {
    const row = rows.findIndex((one) => lengthsOf(one).length > 1);
    rows[row]!.set(column, where(rows[row]!), value(rows[row]!));
    return { row, column };
  };

/** The same of the first row with padding. */
const setPadding =
  (column: string, value: number): Change =>
  ({ rows }) => {
    const row = rows.findIndex((one) => lengthsOf(one).reduce((a, b) => a + b) < last(one));
    rows[row]!.set(column, last(rows[row]!), value);
    return { row, column };
  };

/** Exchanges two tokens of a sequence, and their labels. */
const swapTokens: Change = ({ rows }) => {
  for (const column of ["input_ids", "labels"]) {
    if (!rows[1]!.has(column)) continue;
    const at = joint(rows[1]!) + 1;
    const [a, b] = rows[1]!.get(column).slice(at, at + 2);
    rows[1]!.set(column, at, b!);
    rows[1]!.set(column, at + 1, a!);
  }
  return { row: 1, column: "input_ids" };
};

/** Exchanges the ids of two sequences. */
const swapIds: Change = ({ rows }) => {
  const [a, b] = rows[1]!.get("sequence_ids");
  rows[1]!.set("sequence_ids", 0, b!);
  rows[1]!.set("sequence_ids", 1, a!);
  return { row: 1, column: "input_ids" };
};

/** Puts a sequence in the place of another of the same length, with its id. */
const repeatSequence: Change = ({ rows }) => {
  const [from, place] = [rows[0]!, (row: PackedRow, k: number) => lengthsOf(row).slice(0, k)];
  const start = (row: PackedRow, k: number) => place(row, k).reduce((a, b) => a + b, 0);
  const wanted = lengthsOf(from)[0]!;
  const row = rows.findIndex((one, n) => n > 0 && lengthsOf(one).includes(wanted));
  const to = rows[row]!;
  const number = lengthsOf(to).indexOf(wanted);
  for (const column of ["input_ids", "labels", "loss_mask"]) {
    if (!to.has(column)) continue;
    const values = from.get(column).slice(0, wanted);
    values.forEach((value, k) => {
      to.set(column, start(to, number) + k, value);
    });
  }
  if (to.has("sequence_ids")) to.set("sequence_ids", number, from.get("sequence_ids")[0]!);
  return { row, column: "sequence_ids" };
};

const labelled: DatasetFormat[] = withRows.filter(
  (format) => !["megatron", "nemo"].includes(format),
);
const padded: DatasetFormat[] = ["hf", "llamafactory", "safetensors"];
const byArrays: DatasetFormat[] = ["npy", "safetensors", "megatron"];
const withIds: DatasetFormat[] = ["parquet", "arrow", "nemo", "mds", ...byArrays];
const withoutIds: DatasetFormat[] = ["hf", "trl", "llamafactory"];

/** What is broken, in which formats, whether the source is needed to see it, and what is said. */
export const faults: [string, DatasetFormat[], "alone" | "source", Change, RegExp][] = [
  [
    "a token is another",
    withIds,
    "source",
    set(
      "input_ids",
      (row) => joint(row) + 1,
      () => 7,
    ),
    /token 1 of sequence \d+ is 7, in the source \d+/,
  ],
  [
    "a token is another, without ids",
    withoutIds,
    "source",
    set(
      "input_ids",
      (row) => joint(row) + 1,
      () => 7,
    ),
    /sequence number 2 of the pack is no sequence of the source/,
  ],
  ["two tokens are exchanged", withIds, "source", swapTokens, /token 1 of sequence \d+ is/],
  [
    "two tokens are exchanged, without ids",
    withoutIds,
    "source",
    swapTokens,
    /number 2 of the pack/,
  ],
  [
    "a token is no id",
    withRows.filter((format) => format !== "megatron"),
    "alone",
    set("input_ids", joint, () => -1),
    /is -1, which is no id/,
  ],
  [
    "the label at a joint is a target",
    labelled,
    "alone",
    set("labels", joint, (row) => row.get("input_ids")[joint(row)]!),
    /the first label of .* is \d+, not -100/,
  ],
  [
    "a label is another",
    ["parquet", "arrow", "mds", "npy", "safetensors"],
    "source",
    set(
      "labels",
      (row) => joint(row) + 1,
      () => 7,
    ),
    /label 1 of sequence \d+ is 7, in the source/,
  ],
  [
    "a label is ignored, without ids",
    withoutIds,
    "source",
    set(
      "labels",
      (row) => joint(row) + 1,
      () => -100,
    ),
    /number 2 of the pack is no sequence of the source, by its tokens, labels/,
  ],
  [
    "a label stands at padding",
    padded,
    "alone",
    setPadding("labels", 5),
    /labels is 5 at the padding/,
  ],
  [
    "positions run on over a joint",
    padded,
    "alone",
    set("position_ids", joint, joint),
    /position_ids is \d+ at token 0 of sequence .*, not 0/,
  ],
  [
    "a position stands at padding",
    padded,
    "alone",
    setPadding("position_ids", 1),
    /position_ids is 1/,
  ],
  [
    "the mask joins two sequences",
    ["safetensors"],
    "alone",
    set("attention_mask", joint, () => 1),
    /attention_mask is 1 at token 0 of sequence \d+, not 2/,
  ],
  [
    "the mask moves a joint",
    ["llamafactory"],
    "alone",
    set("attention_mask", joint, () => 1),
    /position_ids is 0 at token \d+ of sequence number 1/,
  ],
  [
    "the mask shows padding",
    ["llamafactory", "safetensors"],
    "alone",
    setPadding("attention_mask", 1),
    /attention_mask is 1 at the padding/,
  ],
  [
    "padding is another id",
    [...padded, "megatron"],
    "alone",
    setPadding("input_ids", 9),
    /input_ids is 9 at the padding/,
  ],
  [
    "the loss mask trains over a joint",
    ["nemo"],
    "alone",
    set(
      "loss_mask",
      (row) => joint(row) - 1,
      () => 1,
    ),
    /the last loss_mask of sequence \d+ is 1/,
  ],
  [
    "the loss mask leaves a target out",
    ["nemo"],
    "source",
    set("loss_mask", joint, () => 0),
    /loss_mask 0 of sequence \d+ is 0, in the source 1/,
  ],
  [
    "a length is one too many",
    ["parquet", "arrow", "trl", "mds"],
    "alone",
    set(
      "seq_lengths",
      () => 0,
      (row) => joint(row) + 1,
    ),
    /seq_lengths add up to \d+, but input_ids has/,
  ],
  [
    "a padded length is one too many",
    ["hf"],
    "alone",
    set(
      "seq_lengths",
      () => 0,
      (row) => joint(row) + 1,
    ),
    /position_ids is 0 at token \d+|in a pack of capacity/,
  ],
  [
    "a start doesn't rise",
    ["nemo"],
    "alone",
    set(
      "seq_start_id",
      () => 1,
      () => 0,
    ),
    /length 0 in seq_start_id/,
  ],
  [
    "an end doesn't rise",
    byArrays,
    "alone",
    set(
      "cu_seqlens",
      () => 1,
      (row) => row.get("cu_seqlens")[0]!,
    ),
    /cu_seqlens goes from (\d+) to \1/,
  ],
  [
    "an end is one too far",
    byArrays,
    "alone",
    set(
      "cu_seqlens",
      () => 0,
      (row) => row.get("cu_seqlens")[0]! + 1,
    ),
    /first label|position_ids|end-of-document|where its source has/,
  ],
  [
    "a pack has no sequence",
    byArrays,
    "alone",
    set(
      "pack_offsets",
      () => 0,
      () => 0,
    ),
    /pack_offsets goes from/,
  ],
  ["a sequence stands twice", withIds, "alone", repeatSequence, /sequence \d+ stands in two packs/],
  [
    "a sequence stands twice, without ids",
    withoutIds,
    "source",
    repeatSequence,
    /stands in two packs/,
  ],
  ["two ids are exchanged", withIds, "source", swapIds, /token.* of sequence \d+/],
  [
    "an id is none of the source",
    withIds,
    "alone",
    set(
      "sequence_ids",
      () => 1,
      () => 99,
    ),
    /source sequence 99 does not exist; there are 40/,
  ],
  [
    "a document doesn't end",
    ["megatron"],
    "alone",
    set(
      "input_ids",
      (row) => joint(row) - 1,
      () => 7,
    ),
    /ends with token 7, not with the end-of-document id 1/,
  ],
];
