// Lengths to packing, on the calling thread or on native ones.

import { fromNative, translate } from "../base/errors.js";
import { type JobControl, type JobOptions, partsOf, run, type SyncOptions } from "../base/job.js";
import { examineLengths, type Lengths } from "../base/lengths.js";
import { allocateToFill, type U32 } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import {
  asyncOnly,
  givenOptions,
  jobKeys,
  jobOptions,
  refuseUnknown,
  toThreads,
} from "../base/options.js";
import {
  type Checked,
  checkPackOptions,
  type Kept,
  type MaxLoadOptions,
  type PackOptions,
  packKeys,
} from "./options.js";
import { makePacking, type Packing } from "./packing.js";
import { mostSmall, packSmall } from "./small.js";

type Prepared = InstanceType<Native["Prepared"]>;

const syncKeys: readonly string[] = [...packKeys, "threads"];

/** Why the other options of a job don't work in {@link packSync}. */
const asynchronous = asyncOnly("pack");

/** Up to this many entries are bound on the JavaScript thread: about 1 ms. */
const atOnce = 1_000_000;

/**
 * Packs while the caller waits: for small inputs, scripts and worker threads. Large inputs are shared
 * with native threads, unless jobs use them.
 *
 * @param lengths one length per sequence, in tokens; read in place
 * @param options see {@link PackOptions} and {@link SyncOptions}; only `capacity` is needed
 * @throws {StowageError} `ERR_OVERLONG`, `ERR_EMPTY_SEQUENCE` (with `index`), `ERR_LENGTH`, `ERR_CAPACITY`,
 * `ERR_STRATEGY`, `ERR_OPTION`, `ERR_TOO_MANY_SEQUENCES`, `ERR_MEMORY`
 *
 * @example
 * const packing = packSync([1000, 800, 600, 500, 400, 300, 200, 100], { capacity: 1024 });
 * packing.toArrays(); // => [[0], [1, 7], [2, 4], [3, 5, 6]]
 * [packing.packCount, packing.lowerBound, packing.gap]; // => [4, 4, 0]
 * packing.efficiency; // => 0.9521484375
 *
 * @example
 * // Exactly three micro-batches of nearly equal tokens, whatever the capacity.
 * const { maxLoad, minLoad, loadBound } = packSync([9, 7, 6, 5, 4, 2], { objective: "maxLoad", packCount: 3 });
 * [maxLoad, minLoad, loadBound]; // => [11, 11, 11]
 */
export function packSync(
  lengths: Lengths,
  options: (PackOptions | MaxLoadOptions) & SyncOptions,
): Packing {
  const given = givenOptions(options);
  refuseUnknown(given, syncKeys, asynchronous);
  const checked = checkPackOptions(given);
  const threads = partsOf({ threads: toThreads(given) });
  const values = checkedLengths(lengths, checked);
  const small = values.length <= mostSmall ? packSmall(values, checked) : undefined;
  if (small !== undefined) return small;
  const prepared = translate(() => native.prepare(values, checked.native, threads));
  const made = room(prepared);
  translate(() => prepared.bindInto(values, ...arraysOf(made), threads));
  return finish(prepared, made, checked, values.length);
}

/**
 * Packs on native threads; the event loop stays free but for the copy of `lengths` (about 1 ms per
 * million). Later changes to `lengths` aren't seen, and its buffer may be transferred.
 *
 * @param lengths one length per sequence, in tokens; copied on entry
 * @param options see {@link PackOptions} and {@link JobOptions}; only `capacity` is needed
 * @returns the same packing as {@link packSync}, for any number of threads
 * @throws {StowageError} rejects with what {@link packSync} throws, or with `signal.reason`
 *
 * @example
 * const packing = await pack(new Uint32Array([5, 3, 5, 7]), { capacity: 10 });
 * packing.toArrays(); // => [[3, 1], [0, 2]]
 */
export async function pack(
  lengths: Lengths,
  options: (PackOptions | MaxLoadOptions) & JobOptions,
): Promise<Packing> {
  const given = givenOptions(options);
  refuseUnknown(given, [...packKeys, ...jobKeys]);
  const checked = checkPackOptions(given);
  const job = jobOptions(given);
  job.signal?.throwIfAborted();
  const values = checkedLengths(lengths, checked);
  const threads = partsOf(job);
  const total = values.length;
  return run(job, { stage: "bind", total }, async (control) => {
    const prepared = await native.prepareAsync(values, checked.native, threads, control);
    return bind(prepared, checked, total, threads, control);
  });
}

/** Fills the arrays of a packing that is decided: at once if it is small, else as a job. */
export async function bind(
  prepared: Prepared,
  kept: Kept,
  sequenceCount: number,
  threads: number,
  control: JobControl,
): Promise<Packing> {
  const made = room(prepared);
  const arrays = arraysOf(made);
  if (prepared.entryCount <= atOnce) prepared.bindInto(none, ...arrays, 1);
  // The closure keeps the arrays, which only the job sees, until the job is over.
  else await prepared.bindIntoAsync(...arrays, threads, control).then(() => made);
  return finish(prepared, made, kept, sequenceCount);
}

const none = new Uint32Array(0);

/** A packing's arrays, which nobody sees before they are filled. */
export interface Room {
  readonly offsets: U32;
  readonly sequences: U32;
  readonly starts: U32;
  readonly lengths: U32;
  readonly dropped: U32;
  readonly cut: boolean;
}

/** Arrays of the sizes that `prepared` needs. */
export function room(prepared: Prepared): Room {
  const { packCount, entryCount, droppedCount, cut } = prepared;
  const pieces = cut ? entryCount : 0;
  return {
    offsets: unfilled(packCount + 1),
    sequences: unfilled(entryCount),
    starts: unfilled(pieces),
    lengths: unfilled(pieces),
    dropped: unfilled(droppedCount),
    cut,
  };
}

function unfilled(length: number): U32 {
  return allocateToFill(Uint32Array, length) as U32;
}

/** The arrays in the order of native arguments. */
export function arraysOf(made: Room): [U32, U32, U32, U32, U32] {
  return [made.offsets, made.sequences, made.starts, made.lengths, made.dropped];
}

/** The packing of filled arrays. */
export function finish(
  prepared: Prepared,
  { offsets, sequences, starts, lengths, dropped, cut }: Room,
  kept: Kept,
  sequenceCount: number,
): Packing {
  const { maxLoad, minLoad, loadBound } = prepared.outcome();
  return makePacking({
    capacity: prepared.capacity,
    strategy: kept.strategy,
    sequenceAlignment: kept.sequenceAlignment,
    maxSequencesPerPack: kept.maxSequencesPerPack,
    sequenceCount,
    offsets,
    sequences,
    pieces: cut ? { starts, lengths } : undefined,
    dropped,
    lowerBound: prepared.lowerBound,
    loads:
      maxLoad === null || minLoad === null || loadBound === null
        ? undefined
        : { maxLoad, minLoad, loadBound },
    tokenCount: prepared.tokenCount,
    figures: () => translate(() => prepared.stats()),
  });
}

/**
 * Lengths that can be ones. Where one can't be, the first fault of any kind counts: an earlier
 * sequence that is overlong or empty is found by packing what stands before.
 */
function checkedLengths(lengths: unknown, checked: Checked): Uint32Array {
  const { values, fault } = examineLengths(lengths);
  if (fault === undefined) return values;
  try {
    native.prepare(values, checked.native, 1);
  } catch (error) {
    const earlier = fromNative(error);
    if (earlier.index !== undefined) throw earlier;
  }
  throw fault;
}
