// A written data set, open for reading: packs by their numbers, one by one or as the batches of a
// training loop.

import { StowageError, translate } from "../base/errors.js";
import { type JobOptions, partsOf, run } from "../base/job.js";
import type { U32 } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import {
  booleanOption,
  type Given,
  givenOptions,
  integerOption,
  jobOptions,
  refuseUnknown,
} from "../base/options.js";
import type { DatasetReport } from "./dataset.js";
import type { DatasetFormat } from "./formats.js";
import { toPath } from "./inputs.js";
import {
  type LoadedPacks,
  type PackedRow,
  type PackedRows,
  type RowBasis,
  type RowChoice,
  rowOf,
  rowsOf,
  toRowChoice,
} from "./packed-rows.js";
import {
  batchesKeys,
  packsKeys,
  type ReadBatchesOptions,
  type ReadPacksOptions,
  toPicked,
} from "./read-options.js";

type Handle = InstanceType<Native["OpenedDataset"]>;

/**
 * What a data set says of itself, in its `_stowage.json`. Nothing of it was proved by reading it:
 * {@link verifyDataset} does that, and adds how full the packs are.
 */
export interface OpenedReport
  extends Pick<
    DatasetReport,
    | "format"
    | "files"
    | "capacity"
    | "packCount"
    | "sequenceCount"
    | "tokensIn"
    | "tokensPacked"
    | "tokensTruncated"
    | "tokensDropped"
    | "paddingTokens"
    | "efficiency"
    | "lowerBound"
    | "gap"
    | "planId"
    | "sequencesWithoutTargets"
    | "packsWithoutTargets"
  > {
  /** The id at padding. */
  padTokenId: number;
  /** The id that was appended to sequences; absent if none was. */
  eosTokenId?: number;
  /** Each sequence takes a multiple of this many places. */
  sequenceAlignment: number;
  /** Seed of the packing. */
  seed: bigint;
  /** Number of the epoch. */
  epoch: number;
}

/** A packed data set, open for reading. It holds no file open between reads and needs no closing. */
export interface PackedDataset {
  /** What the data set says of itself. */
  readonly report: OpenedReport;
  /** Packs. */
  readonly packCount: number;
  /** Names of its columns, as the files have them. */
  readonly columns: readonly string[];
  /** Those of `columns` that were carried from the sources. */
  readonly carried: readonly string[];
  /**
   * Packs one by one, without padding.
   *
   * @throws {StowageError} `ERR_OPTION` for an option; while iterating `ERR_FORMAT`, `ERR_IO`,
   * `ERR_INVALID_PACKING` for files that are damaged, `ERR_INPUT_CHANGED` for those that are no longer what
   * they were when the data set was opened, `ERR_COLUMN` for a carried column of a type without values in
   * JavaScript, each with `path`; `ERR_MEMORY`; or `signal.reason`
   */
  packs(options?: ReadPacksOptions): AsyncIterableIterator<PackedRow>;
  /**
   * Packs as the batches of a training loop. The packs of the next batch are read while the loop works
   * on this one.
   *
   * @throws {StowageError} as {@link PackedDataset.packs}; `ERR_OPTION` also for a pack wider than a row
   */
  batches(options: ReadBatchesOptions): AsyncIterableIterator<PackedRows>;
}

/**
 * Opens a packed data set of any format with rows, and reads its packs back: ids, labels, boundaries, and
 * the sequences they come from.
 *
 * Packs are found by their numbers in any order. In 'parquet' and 'nemo' whole row groups (16 MiB) are
 * decoded to reach one: read those in order, or from 'arrow'. Reading isn't proving: damaged bytes that
 * still make packs are for {@link verifyDataset} to find.
 *
 * @param folder what `packDataset` has written
 * @param options `signal`
 * @throws {StowageError} rejects with `ERR_IO` if there is none; `ERR_FORMAT` for 'seqpack', which has no
 * rows, and for damaged files; `ERR_INVALID_PACKING` for other files than the data set's; `ERR_OPTION`; or
 * with `signal.reason`
 *
 * @example
 * writeFileSync("rows.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * await packDataset({ input: "rows.jsonl", output: "rows", format: "arrow", capacity: 4, order: "plan" });
 * const dataset = await openDataset("rows");
 * dataset.packCount; // => 2
 * const found = [];
 * for await (const { inputIds, cuSeqlens, sequences } of dataset.packs())
 *   found.push([[...inputIds], [...cuSeqlens], [...sequences]]);
 * found; // => [[[11, 12, 13, 31], [0, 3, 4], [0, 2]], [[21, 22], [0, 2], [1]]]
 * for await (const batch of dataset.batches({ rows: 2 }))
 *   found.push([...batch.inputIds]);
 * found[2]; // => [11, 12, 13, 31, 21, 22, 0, 0]
 */
export async function openDataset(
  folder: string,
  options: Pick<JobOptions, "signal"> = {},
): Promise<PackedDataset> {
  const path = toPath(folder, "folder");
  const given = givenOptions(options, "signal");
  refuseUnknown(given, ["signal"]);
  const job = jobOptions(given);
  return run(job, { stage: "read", total: 0 }, async (control) => {
    return new Opened(await native.openDataset(path, control));
  });
}

/** Places that are read at once, if a batch has fewer: what stays in a cache until it is laid out. */
const placesAtOnce = 1 << 17;

class Opened implements PackedDataset {
  readonly #handle: Handle;
  readonly report: OpenedReport;
  readonly packCount: number;
  readonly columns: readonly string[];
  readonly carried: readonly string[];
  /** Iterations that run: what they have in common is forgotten after the last. */
  #readers = 0;

  constructor(handle: Handle) {
    this.#handle = handle;
    const { columns, carried, ...summary } = translate(() => handle.summary());
    this.report = toReport(summary);
    this.packCount = this.report.packCount;
    this.columns = Object.freeze(columns);
    this.carried = Object.freeze(carried);
  }

  packs(options: ReadPacksOptions = {}): AsyncIterableIterator<PackedRow> {
    const given = givenOptions(options, "start, end or order");
    refuseUnknown(given, packsKeys);
    const choice: RowChoice = { ...toRowChoice(given, this.#basis(), "flat"), mask: false };
    return this.#read(given, choice, 1, (loaded, at, packs) =>
      rowOf(loaded, at, packs[0] as number, choice),
    );
  }

  batches(options: ReadBatchesOptions): AsyncIterableIterator<PackedRows> {
    const given = givenOptions(options, "{ rows }");
    refuseUnknown(given, batchesKeys);
    const rows = integerOption(given, "rows", 1, 0x7fff_ffff);
    if (rows === undefined) {
      throw new StowageError(
        "ERR_OPTION",
        "`rows` is missing: the packs in a batch, as { rows: 8 }",
      );
    }
    const reuse = booleanOption(given, "reuse") ?? false;
    const choice = toRowChoice(given, this.#basis());
    let last: PackedRows | undefined;
    return this.#read(given, choice, rows, (loaded, at, packs) => {
      const batch = rowsOf(loaded, at, packs, choice, last);
      if (reuse) last = batch;
      return batch;
    });
  }

  #basis(): RowBasis {
    return { ...this.report, carries: this.carried.length > 0 };
  }

  /** Checks at once, and reads when it is asked. */
  #read<T>(
    given: Given,
    choice: RowChoice,
    rows: number,
    fill: (loaded: LoadedPacks, at: number, packs: U32) => T,
  ): AsyncIterableIterator<T> {
    const { signal, threads } = jobOptions(given);
    const picked = toPicked(given, this.packCount);
    const whole = booleanOption(given, "dropLast") ?? false;
    const count = whole ? picked.count - (picked.count % rows) : picked.count;
    const batches = Math.max(1, Math.floor(placesAtOnce / (rows * this.report.capacity)));
    const parts = partsOf({ threads });
    const load = (start: number, size: number, stop: AbortSignal): Promise<LoadedPacks> => {
      const packs = Float64Array.from({ length: size }, (_, k) => picked.at(start + k));
      return run({ signal: stop }, { stage: "read", total: 0 }, (control) =>
        this.#handle.load(packs, picked.inOrder, choice.carried, parts, control),
      );
    };
    return this.#iterate({
      count,
      rows,
      window: batches * rows,
      signal,
      load,
      fill,
      at: picked.at,
    });
  }

  async *#iterate<T>(plan: Plan<T>): AsyncGenerator<T, undefined, undefined> {
    const { count, rows, window, signal } = plan;
    signal?.throwIfAborted();
    const ending = new AbortController();
    const onAbort = (): void => ending.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const loadFrom = (start: number): Promise<LoadedPacks> | undefined => {
      if (start >= count) return undefined;
      const loaded = plan.load(start, Math.min(window, count - start), ending.signal);
      loaded.catch(() => {}); // told when its turn comes
      return loaded;
    };
    this.#readers++;
    let ahead = loadFrom(0);
    try {
      for (let start = 0; start < count; start += window) {
        const loaded = (await ahead) as LoadedPacks;
        ahead = loadFrom(start + window);
        try {
          const end = Math.min(start + window, count);
          for (let at = start; at < end; at += rows) {
            ending.signal.throwIfAborted();
            const size = Math.min(rows, end - at);
            const packs = Uint32Array.from({ length: size }, (_, k) => plan.at(at + k));
            yield plan.fill(loaded, at - start, packs as U32);
          }
        } finally {
          loaded.release();
        }
      }
      return undefined;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      ending.abort();
      ahead?.then(
        (loaded) => loaded.release(),
        () => {},
      );
      if (--this.#readers === 0) this.#handle.forget();
    }
  }
}

/** An iteration. */
interface Plan<T> {
  readonly count: number;
  readonly rows: number;
  /** Packs that are read together: whole batches. */
  readonly window: number;
  readonly signal: AbortSignal | undefined;
  readonly at: (place: number) => number;
  readonly load: (start: number, size: number, stop: AbortSignal) => Promise<LoadedPacks>;
  readonly fill: (loaded: LoadedPacks, at: number, packs: U32) => T;
}

type Summary = Omit<ReturnType<Handle["summary"]>, "columns" | "carried">;

function toReport(summary: Summary): OpenedReport {
  const { ledger, planId, eosTokenId, sequencesWithoutTargets, packsWithoutTargets } = summary;
  const { format, files, capacity, packCount, lowerBound, padTokenId, ...rest } = summary;
  const places = packCount * capacity;
  return {
    ...{ format: format as DatasetFormat, files, capacity, packCount },
    sequenceCount: rest.sequenceCount,
    tokensIn: ledger.tokensIn,
    tokensPacked: ledger.tokensPacked,
    tokensTruncated: ledger.tokensTruncated,
    tokensDropped: ledger.tokensDropped,
    paddingTokens: places - ledger.tokensPacked,
    efficiency: places === 0 ? 0 : ledger.tokensPacked / places,
    ...{ lowerBound, gap: packCount - lowerBound },
    ...(planId !== null && { planId }),
    ...(sequencesWithoutTargets !== null && { sequencesWithoutTargets }),
    ...(packsWithoutTargets !== null && { packsWithoutTargets }),
    padTokenId,
    ...(eosTokenId !== null && { eosTokenId }),
    sequenceAlignment: rest.sequenceAlignment,
    seed: rest.seed,
    epoch: rest.epoch,
  };
}
