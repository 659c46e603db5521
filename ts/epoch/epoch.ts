// Epochs: the ids of a plan's packs as a pure function of (seed, epoch, k).

import { StowageError, translate } from "../base/errors.js";
import { allocate, type U32 } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import { givenOptions, isInteger, refuseUnknown, show } from "../base/options.js";
import { isShared } from "../base/views.js";
import { makePacking, type Packing } from "../packing/packing.js";
import type { PackingStats } from "../packing/stats.js";
import type { Strategy } from "../packing/strategies.js";
import { checkPresent, type IndexParts, indexParts, type LengthIndex } from "./length-index.js";
import { checkEpochOptions, type EpochOptions } from "./options.js";
import { ReadAhead } from "./read-ahead.js";
import { makeShard, type Shard, type ShardOptions } from "./shard.js";

type Handle = InstanceType<Native["Epoch"]>;
type PlanHandle = InstanceType<Native["Plan"]>;

const proof = Symbol("made by stowage");
let makeEpoch: (state: State) => Epoch;

/** What an epoch is made of. */
interface State {
  readonly handle: Handle;
  readonly plan: PlanHandle;
  readonly index: IndexParts;
  /** What shards must agree with; undefined unless the order is 'balanced'. */
  readonly groupSize: number | undefined;
}

/** The epoch of a plan; `plan.epoch` in the public surface. */
export function epochOf(plan: PlanHandle, index: LengthIndex, options: EpochOptions): Epoch {
  const parts = indexParts(index);
  if (parts === undefined) {
    const lengths = Array.isArray(index) || ArrayBuffer.isView(index);
    const way = lengths ? "; use new LengthIndex(lengths)" : "";
    const message = `\`index\` must be a LengthIndex, got ${show(index)}${way}`;
    throw new StowageError("ERR_OPTION", message);
  }
  const checked = checkEpochOptions(options);
  checkPresent(parts);
  // Native code never reads memory that another thread may write to. The ids, by far the largest
  // part, are needed only to find the pieces of overlong sequences.
  const cuts = plan.facts().overlong >= 2;
  const ids = cuts ? unshared(parts.sequences) : none;
  const [lengths, starts] = [unshared(parts.lengths), unshared(parts.starts)];
  const handle = translate(() => native.epoch(plan, lengths, starts, ids, checked));
  const groupSize = checked.order === 2 ? checked.worldSize : undefined;
  return makeEpoch({ handle, plan, index: parts, groupSize });
}

/**
 * One epoch of a plan: every sequence once, in packs of the planned lengths, with a pairing and an
 * order of packs of its own. A pure function from (seed, epoch, k) to the sequences of pack k: it
 * holds no state, so any worker may ask for any pack, in any order. Made by `plan.epoch`. Iterating
 * gives one array of sequence indices per pack.
 *
 * @example
 * const lengths = [5, 3, 5, 7];
 * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
 * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0, order: "plan" });
 * epoch.packAt(0); // => [3, 1]
 */
export class Epoch implements Iterable<U32> {
  static {
    makeEpoch = (state) => new Epoch(proof, state);
  }

  /** Number of packs: the plan's, the same in every epoch. */
  readonly packCount: number;
  readonly #state: State;
  readonly #cut: boolean;
  /** Where native code writes a pack; packs are copied out of it. */
  readonly #scratch: readonly [U32, U32, U32];

  /** Undefined where entries may be pieces. */
  readonly #ahead: ReadAhead | undefined;

  private constructor(key: typeof proof, state: State) {
    if (key !== proof) throw new TypeError("use plan.epoch()");
    this.#state = state;
    this.packCount = state.handle.packCount;
    this.#cut = state.handle.cut;
    const most = state.handle.mostEntries;
    const room = (): U32 => allocate(Uint32Array, most) as U32;
    this.#ahead = this.#cut ? undefined : new ReadAhead(state.handle, most);
    this.#scratch = this.#cut ? [room(), room(), room()] : [none, none, none];
  }

  /**
   * Sequence indices of the `k`-th pack, longest first, in time proportional to the pack. A split
   * sequence may stand in it several times: {@link Epoch.piecesAt} tells its pieces apart.
   *
   * @throws {StowageError} `ERR_OPTION` if there is no pack `k`; `ERR_FORMAT` if the buffers of the index
   * were transferred
   *
   * @example
   * const lengths = [5, 3, 5, 7];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 3 });
   * [...epoch.packAt(0), ...epoch.packAt(1)].sort(); // => [0, 1, 2, 3]
   */
  packAt(k: number): U32 {
    this.#check(k);
    if (this.#ahead === undefined) return this.#ids(this.#read(k));
    const { index } = this.#state;
    checkPresent(index);
    return this.#ahead.ids(k, index.sequences);
  }

  /**
   * First token and length of each entry of `packAt(k)`; undefined unless the plan truncated or
   * split a sequence.
   *
   * @throws {StowageError} `ERR_OPTION` if there is no pack `k`
   *
   * @example
   * const lengths = [25, 4];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10, overlong: "split" });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0, order: "plan" });
   * epoch.piecesAt(2).lengths; // => [5, 4]
   */
  piecesAt(k: number): { starts: U32; lengths: U32 } | undefined {
    this.#check(k);
    if (!this.#cut) return undefined;
    const count = this.#read(k);
    const starts = this.#scratch[1].slice(0, count);
    for (let at = 0; at < count; at++) if (starts[at] === whole) starts[at] = 0;
    return { starts, lengths: this.#scratch[2].slice(0, count) };
  }

  /**
   * One rank's packs: rank, rank + worldSize, rank + 2 × worldSize … Every rank has the same number
   * of steps.
   *
   * @throws {StowageError} `ERR_OPTION` if worldSize doesn't divide the packs and `dropLast` isn't
   * set, or differs from the worldSize of a 'balanced' epoch
   *
   * @example
   * const lengths = [5, 3, 5, 7];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0 });
   * epoch.shard({ rank: 1, worldSize: 2 }).steps; // => 1
   */
  shard(options: ShardOptions): Shard {
    return makeShard(this, options, this.#state.groupSize);
  }

  /**
   * All packs, or packs `start` .. `end`, as a {@link Packing}, bound on all cores where there are
   * many. The parts of a split sequence may lie in different ranges.
   *
   * @throws {StowageError} `ERR_OPTION` if there are no such packs, `ERR_MEMORY`, `ERR_FORMAT` if the
   * buffers of the index were transferred, `ERR_TOO_MANY_SEQUENCES`
   *
   * @example
   * const lengths = [5, 3, 5, 7];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0 });
   * epoch.toPacking().verify(lengths); // => undefined
   */
  toPacking(range?: { start: number; end: number }): Packing {
    const { start, end } =
      range === undefined ? { start: 0, end: this.packCount } : this.#range(range);
    const { handle, plan, index } = this.#state;
    checkPresent(index);
    const entries = handle.entries(start, end);
    const offsets = allocate(Uint32Array, end - start + 1) as U32;
    const sequences = allocate(Uint32Array, entries) as U32;
    const pieces = this.#cut ? entries : 0;
    const starts = allocate(Uint32Array, pieces) as U32;
    const lengths = allocate(Uint32Array, pieces) as U32;
    const ids = unshared(index.sequences);
    translate(() => handle.bindInto(start, ids, offsets, sequences, starts, lengths));
    const facts = plan.facts();
    const complete = start === 0 && end === this.packCount;
    return makePacking({
      capacity: facts.capacity,
      strategy: facts.strategy as Strategy,
      sequenceAlignment: facts.sequenceAlignment,
      maxSequencesPerPack: facts.maxSequencesPerPack ?? undefined,
      sequenceCount: index.sequenceCount,
      offsets,
      sequences,
      pieces: this.#cut ? { starts, lengths } : undefined,
      dropped: complete ? this.#dropped(facts) : none.slice(),
      lowerBound: complete ? facts.lowerBound : 0,
      tokenCount: complete ? facts.tokenCount : undefined,
      figures: complete ? (): PackingStats => translate(() => plan.stats()) : undefined,
    });
  }

  /** Sequence indices of every pack, in order. */
  *[Symbol.iterator](): IterableIterator<U32> {
    for (let k = 0; k < this.packCount; k++) yield this.packAt(k);
  }

  #check(k: number): void {
    if (isInteger(k, 0, this.packCount - 1)) return;
    const range = this.packCount === 0 ? "there are no packs" : `0 .. ${this.packCount - 1}`;
    const message = `\`k\` must be the number of a pack, ${range}, got ${show(k)}`;
    throw new StowageError("ERR_OPTION", message);
  }

  #range(range: { start: number; end: number }): { start: number; end: number } {
    const given = givenOptions(range, "{ start, end }");
    refuseUnknown(given, ["start", "end"]);
    const { start, end } = given;
    if (isInteger(start, 0, this.packCount) && isInteger(end, start, this.packCount))
      return { start, end };
    const message = `packs \`start\` .. \`end\` must be within 0 .. ${this.packCount}, got ${show(start)} .. ${show(end)}`;
    throw new StowageError("ERR_OPTION", message);
  }

  /** Reads pack `k` of entries that may be pieces and returns how many there are. */
  #read(k: number): number {
    const [positions, starts, lengths] = this.#scratch;
    const { handle } = this.#state;
    return translate(() => handle.piecesInto(k, positions, starts, lengths));
  }

  /** The ids of the entries just read. */
  #ids(count: number): U32 {
    const { index } = this.#state;
    checkPresent(index);
    const { sequences } = index;
    const [positions, starts] = this.#scratch;
    const ids: U32 = new Uint32Array(count);
    for (let at = 0; at < count; at++) {
      const isPiece = starts[at] !== whole;
      ids[at] = isPiece ? positions[at]! : sequences[positions[at]!]!;
    }
    return ids;
  }

  /** Ids of the classes that the policies leave out, ascending. */
  #dropped(facts: ReturnType<PlanHandle["facts"]>): U32 {
    const { lengths, starts, sequences } = this.#state.index;
    const { capacity, sequenceAlignment } = facts;
    const usable = capacity - (capacity % sequenceAlignment);
    const empty = facts.empty === 1 && lengths[0] === 0 ? starts[1]! : 0;
    let first = lengths.length;
    while (facts.overlong === 1 && first > 0 && lengths[first - 1]! > usable) first--;
    const overlong = sequences.subarray(starts[first]!);
    const dropped = allocate(Uint32Array, empty + overlong.length) as U32;
    dropped.set(sequences.subarray(0, empty));
    dropped.set(overlong, empty);
    return dropped.sort();
  }
}

/** Where native code gives a position instead of a piece. */
const whole = 0xffff_ffff;

const none: U32 = new Uint32Array(0);

function unshared(array: Uint32Array): Uint32Array {
  return isShared(array.buffer) ? new Uint32Array(array) : array;
}
