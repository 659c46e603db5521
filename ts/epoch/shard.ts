// One rank's packs of an epoch, with a cursor that is a plain number.

import { StowageError } from "../base/errors.js";
import type { U32 } from "../base/memory.js";
import {
  booleanOption,
  givenOptions,
  integerOption,
  isInteger,
  refuseUnknown,
  show,
} from "../base/options.js";

/** Which packs of an epoch a rank takes. */
export interface ShardOptions {
  /** 0 .. worldSize - 1. */
  rank: number;
  /** Packs that run side by side. */
  worldSize: number;
  /** Leave out the last packs where worldSize doesn't divide their number. Default false. */
  dropLast?: boolean | undefined;
}

/** What a shard needs of an epoch. */
interface Packs {
  readonly packCount: number;
  packAt(k: number): U32;
}

/** What a shard is made of. */
interface Place {
  readonly epoch: Packs;
  readonly rank: number;
  readonly worldSize: number;
  readonly steps: number;
}

const proof = Symbol("made by stowage");
let shardAt: (place: Place, cursor: number) => Shard;

/** The shard of an epoch; `groupSize` is what a balanced order was made for. */
export function makeShard(
  epoch: Packs,
  options: ShardOptions,
  groupSize: number | undefined,
): Shard {
  const given = givenOptions(options, "{ rank, worldSize }");
  refuseUnknown(given, ["rank", "worldSize", "dropLast"]);
  const worldSize = integerOption(given, "worldSize", 1, 0xffff_ffff);
  if (worldSize === undefined)
    throw wrong("`worldSize`, the number of packs that run side by side, is missing");
  const { rank } = given;
  if (!isInteger(rank, 0, worldSize - 1))
    throw wrong(`\`rank\` must be an integer 0 .. ${worldSize - 1}, got ${show(rank)}`);
  const dropLast = booleanOption(given, "dropLast") ?? false;
  if (groupSize !== undefined && groupSize !== worldSize) {
    const way = "make the epoch with the worldSize of its shards";
    throw wrong(`this epoch is balanced for worldSize ${groupSize}, not ${worldSize}; ${way}`);
  }
  const { packCount } = epoch;
  if (packCount % worldSize !== 0 && !dropLast) {
    const way = `plan with packCountMultipleOf: ${worldSize}, or set dropLast to leave out the last ${packCount % worldSize}`;
    throw wrong(`${packCount} packs don't divide among worldSize ${worldSize}; ${way}`);
  }
  const steps = Math.floor(packCount / worldSize);
  return shardAt({ epoch, rank, worldSize, steps }, 0);
}

/**
 * One rank's packs of an epoch. `cursor` is a plain number: store it in a checkpoint, pass it to
 * {@link Shard.from} to go on exactly there, with another worldSize too. Made by `epoch.shard`.
 * Iterating gives the sequence indices of one pack per step, from the cursor on, and advances it.
 *
 * @example
 * const lengths = [5, 5, 5, 5, 5, 5, 5, 5];
 * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
 * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0 });
 * const shard = epoch.shard({ rank: 0, worldSize: 2 });
 * for (const pack of shard) break; // one step of training
 * shard.cursor; // => 2
 * epoch.shard({ rank: 0, worldSize: 1 }).from(2).steps; // => 4
 */
export class Shard implements Iterable<U32> {
  static {
    shardAt = (place, cursor) => new Shard(proof, place, cursor);
  }

  /** Steps of the whole epoch, the same for every rank. */
  readonly steps: number;
  readonly #place: Place;
  #cursor: number;

  private constructor(key: typeof proof, place: Place, cursor: number) {
    if (key !== proof) throw new TypeError("use epoch.shard()");
    this.#place = place;
    this.#cursor = cursor;
    this.steps = place.steps;
  }

  /** Packs of the whole epoch that all ranks together have consumed: worldSize for each step. */
  get cursor(): number {
    return this.#cursor;
  }

  /**
   * The same shard at another place of the epoch: at a cursor of this or of another worldSize.
   *
   * @param cursor a step boundary: a multiple of worldSize, 0 .. steps × worldSize
   * @throws {StowageError} `ERR_OPTION` for anything else
   *
   * @example
   * const lengths = [5, 5, 5, 5];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0 });
   * [...epoch.shard({ rank: 0, worldSize: 1 }).from(1)].length; // => 1
   */
  from(cursor: number): Shard {
    const { worldSize, steps } = this.#place;
    if (!isInteger(cursor, 0, steps * worldSize) || cursor % worldSize !== 0) {
      const range = `a multiple of worldSize ${worldSize}, 0 .. ${steps * worldSize}`;
      throw wrong(`\`cursor\` must be a step boundary, ${range}, got ${show(cursor)}`);
    }
    return shardAt(this.#place, cursor);
  }

  /**
   * Sequence indices of this rank's pack at a step, counted from the begin of the epoch.
   *
   * @throws {StowageError} `ERR_OPTION` if there is no such step
   *
   * @example
   * const lengths = [5, 5, 5, 5];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0 });
   * const shard = epoch.shard({ rank: 1, worldSize: 2 });
   * String(shard.packAt(0)) === String(epoch.packAt(1)); // => true
   */
  packAt(step: number): U32 {
    return this.#place.epoch.packAt(this.packNumber(step));
  }

  /**
   * The number, in the whole epoch, of this rank's pack at a step: for `epoch.piecesAt`.
   *
   * @throws {StowageError} `ERR_OPTION` if there is no such step
   *
   * @example
   * const lengths = [5, 5, 5, 5, 5, 5, 5, 5];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const epoch = plan.epoch(new LengthIndex(lengths), { seed: 1, epoch: 0 });
   * epoch.shard({ rank: 1, worldSize: 2 }).packNumber(1); // => 3
   */
  packNumber(step: number): number {
    const { rank, worldSize, steps } = this.#place;
    if (isInteger(step, 0, steps - 1)) return step * worldSize + rank;
    const range = steps === 0 ? "there are none" : `0 .. ${steps - 1}`;
    throw wrong(`\`step\` must be the number of a step, ${range}, got ${show(step)}`);
  }

  /** Sequence indices of each step from the cursor on. A step is consumed as soon as it is given. */
  *[Symbol.iterator](): IterableIterator<U32> {
    const { worldSize, steps } = this.#place;
    while (this.#cursor < steps * worldSize) {
      const pack = this.packAt(this.#cursor / worldSize);
      // Before it is given: a checkpoint written in the loop's body counts this step.
      this.#cursor += worldSize;
      yield pack;
    }
  }
}

function wrong(message: string): StowageError {
  return new StowageError("ERR_OPTION", message);
}
