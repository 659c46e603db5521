// What rows contain, written from the specification for clarity: one array push at a time.

import type { CollateOptions } from "../../index.js";

/** A sequence index, or a piece of a cut sequence. */
export type Entry = number | readonly [sequence: number, start: number, length: number];

export interface ModelInput {
  packs: readonly (readonly Entry[])[];
  tokens: readonly (readonly number[])[];
  ownLabels?: readonly (readonly number[])[] | undefined;
  lossMask?: readonly (readonly number[])[] | undefined;
  capacity: number;
}

const IGNORE = -100;

export interface ModelRows {
  inputIds: number[];
  labels: number[];
  positionIds: number[];
  segmentIds: number[];
  attentionMask: number[];
  lossWeights: number[];
  cuSeqlens: number[];
  cuSeqlensPadded: number[];
  cuSeqlensOffsets: number[];
  sequences: number[];
  maxSeqlen: number;
  width: number;
}

export function modelRows(input: ModelInput, options: CollateOptions): ModelRows {
  const rows: ModelRows = {
    inputIds: [],
    labels: [],
    positionIds: [],
    segmentIds: [],
    attentionMask: [],
    lossWeights: [],
    cuSeqlens: [0],
    cuSeqlensPadded: [0],
    cuSeqlensOffsets: [0],
    sequences: [],
    maxSeqlen: 0,
    width: 0,
  };
  const flat = options.layout === "flat";
  const multiple = options.padToMultipleOf ?? 1;
  const width = options.width ?? Math.ceil(input.capacity / multiple) * multiple;
  for (const [number, pack] of input.packs.entries()) {
    const before = rows.inputIds.length;
    let within = 0;
    for (const entry of pack) {
      within++;
      pushSegment(rows, input, options, entry, flat ? rows.sequences.length + 1 : within);
    }
    if (!flat) pushTail(rows, options, before + width - rows.inputIds.length);
    if (flat && number === input.packs.length - 1)
      pushTail(rows, options, (multiple - (rows.inputIds.length % multiple)) % multiple);
    rows.cuSeqlensOffsets.push(rows.cuSeqlens.length - 1);
  }
  const aligned = (options.sequenceAlignment ?? 1) > 1 || options.paddingSegment === true;
  const ends = aligned ? rows.cuSeqlensPadded : rows.cuSeqlens;
  for (let i = 1; i < ends.length; i++)
    rows.maxSeqlen = Math.max(rows.maxSeqlen, ends[i]! - ends[i - 1]!);
  rows.width = flat ? rows.inputIds.length : width;
  return rows;
}

function pushSegment(
  rows: ModelRows,
  input: ModelInput,
  options: CollateOptions,
  entry: Entry,
  segment: number,
): void {
  const [sequence, start, length] =
    typeof entry === "number" ? [entry, 0, input.tokens[entry]!.length] : entry;
  const alignment = options.sequenceAlignment ?? 1;
  const places = Math.ceil(length / alignment) * alignment;
  const shift = options.labels === "shifted" ? 1 : 0;
  for (let place = 0; place < places; place++) {
    const real = place < length;
    rows.inputIds.push(real ? input.tokens[sequence]![start + place]! : (options.padTokenId ?? 0));
    rows.positionIds.push(place);
    rows.segmentIds.push(segment);
    rows.attentionMask.push(options.attentionMask === "binary" ? 1 : segment);
    // The token that this entry's label is about: itself, or the next one of the same segment.
    const target = place + shift;
    const trained = real && target > 0 && target < length;
    const own = input.ownLabels ?? input.tokens;
    const weight = trained ? (input.lossMask?.[sequence]?.[start + target] ?? 1) : 0;
    const label = trained && weight !== 0 ? own[sequence]![start + target]! : IGNORE;
    rows.labels.push(label);
    rows.lossWeights.push(label === IGNORE ? 0 : weight);
  }
  rows.cuSeqlens.push(rows.cuSeqlens.at(-1)! + length);
  rows.cuSeqlensPadded.push(rows.cuSeqlensPadded.at(-1)! + places);
  rows.sequences.push(sequence);
}

function pushTail(rows: ModelRows, options: CollateOptions, tail: number): void {
  for (let place = 0; place < tail; place++) {
    rows.inputIds.push(options.padTokenId ?? 0);
    rows.labels.push(IGNORE);
    rows.positionIds.push(0);
    rows.segmentIds.push(0);
    rows.attentionMask.push(0);
    rows.lossWeights.push(0);
  }
  if (tail > 0 && options.paddingSegment === true) {
    rows.cuSeqlens.push(rows.cuSeqlens.at(-1)!);
    rows.cuSeqlensPadded.push(rows.cuSeqlensPadded.at(-1)! + tail);
  }
}

/** Packs as the parts that `Packing.from` takes. */
export function partsOf(
  packs: ModelInput["packs"],
  tokens: ModelInput["tokens"],
  capacity: number,
) {
  const entries = packs.flat();
  const ends = packs.map(
    (
      (end) => (pack: readonly Entry[]) =>
        (end += pack.length)
    )(0),
  );
  const cut = entries.some((entry) => typeof entry !== "number");
  const pieces = {
    starts: Uint32Array.from(entries, (e) => (typeof e === "number" ? 0 : e[1])),
    lengths: Uint32Array.from(entries, (e) => (typeof e === "number" ? tokens[e]!.length : e[2])),
  };
  return {
    capacity,
    offsets: Uint32Array.of(0, ...ends),
    sequences: Uint32Array.from(entries, (e) => (typeof e === "number" ? e : e[0])),
    ...(cut && { pieces }),
  };
}

/** Arrays as a ragged column. */
export function ragged<T extends { set(values: number[], at: number): void }>(
  rows: readonly (readonly number[])[],
  Values: { from(values: number[]): T },
): { values: T; offsets: Int32Array } {
  const ends = rows.map(
    (
      (end) => (row: readonly number[]) =>
        (end += row.length)
    )(0),
  );
  return { values: Values.from(rows.flat()), offsets: Int32Array.of(0, ...ends) };
}
