// Asynchronous streams: sequences in, packs out, with back-pressure.

import { StowageError } from "../base/errors.js";
import {
  type Given,
  givenOptions,
  isInteger,
  jobOptions,
  refuseUnknown,
  show,
} from "../base/options.js";
import type { StreamedPack } from "./closed.js";
import { checkStreamOptions, type StreamOptions, streamKeys } from "./options.js";
import { addOne, StreamPacker } from "./stream.js";

/** As {@link StreamOptions}, and how to tell the length of an element. */
export type PackStreamOptions<T> = StreamOptions & {
  /** Tokens of an element. */
  length: (sequence: T) => number;
  /** Ends the stream; the iteration rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
};

/**
 * Packs what a source gives: an async iterable, a Node or web stream, a generator, an array. The
 * source is pulled only when a pack is asked for, and no further than to the element that closes
 * it.
 *
 * An error of the source, of `length` or of the policies ends the iteration with it, and packs
 * still open are not given. Leaving a `for await` loop early ends the source too.
 *
 * @param source elements of any kind
 * @param options see {@link StreamOptions}; `capacity` and `length` are needed. 'truncate' and
 * 'split' would need parts of elements, which only the caller can make: use {@link StreamPacker}
 * @throws {StowageError} `ERR_OPTION`, `ERR_CAPACITY`, `ERR_STRATEGY`; while iterating `ERR_OVERLONG`,
 * `ERR_EMPTY_SEQUENCE`, `ERR_LENGTH`, each with the `index` of the element in the stream
 *
 * @example
 * const texts = ["some", "words", "of", "text"];
 * const packs = [];
 * for await (const pack of packStream(texts, { capacity: 7, lookahead: 4, length: (text) => text.length }))
 *   packs.push(pack);
 * packs; // => [["words", "of"], ["some"], ["text"]]
 */
export function packStream<T>(
  source: AsyncIterable<T> | Iterable<T>,
  options: PackStreamOptions<T>,
): AsyncIterableIterator<T[]> {
  const given = givenOptions(options, "{ capacity, length }");
  refuseUnknown(given, [...streamKeys, "length", "signal"]);
  return new PackStream(toIterable(source), given);
}

interface Source<T> {
  next(): Promise<IteratorResult<T>> | IteratorResult<T>;
  return?(): unknown;
}

class PackStream<T> implements AsyncIterableIterator<T[]> {
  readonly #open: () => Source<T>;
  readonly #packer: StreamPacker;
  readonly #length: (sequence: T) => number;
  readonly #rules: Rules;
  readonly #signal: AbortSignal | undefined;
  /** Elements that wait or stand in open packs; the packer knows them by their places here. */
  #held: (T | undefined)[] = [];
  /** Places that are free again. */
  #free: number[] = [];
  /** Closed packs, the next one last. */
  #ready: T[][] = [];
  #source: Source<T> | undefined;
  /** Whether the source was asked and hasn't answered. */
  #asking = false;
  #index = 0;
  #state: "running" | "drained" | "over" = "running";
  #turn: Promise<unknown> = Promise.resolve();
  /** Calls of {@link next} that aren't answered. */
  #calls = 0;

  constructor(open: () => Source<T>, given: Given) {
    const { length, signal: _, ...options } = given;
    const checked = checkStreamOptions(options);
    if (typeof length !== "function") {
      const message = `\`length\` must be a function that tells an element's tokens, got ${show(length)}`;
      throw new StowageError("ERR_OPTION", message);
    }
    if (checked.overlong >= 2) {
      const message = `\`overlong\` ${show(options.overlong)} cuts sequences, which packStream() can't do with elements; use a StreamPacker`;
      throw new StowageError("ERR_OPTION", message);
    }
    this.#signal = jobOptions(given).signal;
    this.#open = open;
    this.#length = length as (sequence: T) => number;
    this.#rules = {
      capacity: checked.capacity,
      dropLong: checked.overlong === 1,
      dropEmpty: checked.empty === 1,
    };
    this.#packer = new StreamPacker(options as unknown as StreamOptions);
  }

  /** Calls that overlap wait for each other, as those of an async generator do. */
  next(): Promise<IteratorResult<T[]>> {
    if (this.#calls > 0) return this.#queue(this.#turn.then(() => this.#step()));
    this.#calls++;
    let waiting: PromiseLike<IteratorResult<T>> | undefined;
    try {
      // Without a turn of the event loop for each pack: those take longer than all the rest.
      if (this.#state !== "over") this.#signal?.throwIfAborted();
      waiting = this.#pull();
    } catch (error) {
      this.#calls--;
      return this.#queue(this.#fail(error));
    }
    this.#calls--;
    if (waiting !== undefined) return this.#queue(this.#step(waiting));
    return Promise.resolve(this.#answer());
  }

  #queue(result: Promise<IteratorResult<T[]>>): Promise<IteratorResult<T[]>> {
    this.#calls++;
    const settled = (): void => {
      this.#calls--;
    };
    this.#turn = result.then(settled, settled);
    return result;
  }

  async return(): Promise<IteratorResult<T[]>> {
    if (this.#state === "running") this.#source ??= this.#open(); // so that a stream is closed
    await this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next pack; `waiting`: what the source was asked for already. */
  async #step(waiting?: PromiseLike<IteratorResult<T>>): Promise<IteratorResult<T[]>> {
    try {
      if (this.#state !== "over") this.#signal?.throwIfAborted();
      let asked = waiting ?? this.#pull();
      while (asked !== undefined) {
        const result = await this.#unlessAborted(asked);
        this.#asking = false;
        if (this.#state === "running") this.#take(result); // else the consumer has left meanwhile
        asked = this.#pull();
      }
    } catch (error) {
      return this.#fail(error);
    }
    return this.#answer();
  }

  /**
   * Takes elements until packs are ready or the stream is over; returns what the source has to be waited
   * for. A source that needs no waiting costs none: a promise takes longer than a sequence.
   */
  #pull(): PromiseLike<IteratorResult<T>> | undefined {
    while (this.#ready.length === 0 && this.#state === "running") {
      this.#asking = true;
      this.#source ??= this.#open();
      const given = this.#source.next();
      if (isPromise(given)) return given;
      this.#asking = false;
      this.#take(given as IteratorResult<T>);
    }
    return undefined;
  }

  #answer(): IteratorResult<T[]> {
    const value = this.#ready.pop();
    if (value !== undefined) return { done: false, value };
    this.#state = "over";
    return { done: true, value: undefined };
  }

  async #fail(error: unknown): Promise<never> {
    // A source that failed has ended by itself; an aborted one is told to.
    if (this.#asking && !this.#signal?.aborted) this.#source = undefined;
    this.#asking = false;
    await this.#end(error);
    throw error;
  }

  /** Adds an element of the source, or ends the stream with it. */
  #take(result: IteratorResult<T>): void {
    if (result.done) {
      this.#hand(this.#packer.finish());
      this.#state = "drained";
      return;
    }
    const { value } = result;
    const index = this.#index++;
    const length = checkedLength(this.#length(value), index, this.#rules);
    if (length === undefined) return;
    const place = this.#free.pop() ?? this.#held.length;
    this.#held[place] = value;
    const closed = addOne(this.#packer, place, length);
    if (closed.length > 0) this.#hand(closed);
  }

  #hand(closed: readonly StreamedPack[]): void {
    const [held, free, ready] = [this.#held, this.#free, this.#ready];
    // The first one last: they are handed out from the end.
    for (let k = closed.length - 1; k >= 0; k--) {
      const { ids } = closed[k]!;
      const pack = new Array<T>(ids.length);
      for (let at = 0; at < ids.length; at++) {
        const place = ids[at]!;
        pack[at] = held[place] as T;
        held[place] = undefined;
        free.push(place);
      }
      ready.push(pack);
    }
  }

  /** `promise`, or the signal's reason as soon as it is aborted. */
  #unlessAborted<R>(promise: PromiseLike<R>): PromiseLike<R> {
    const signal = this.#signal;
    if (signal === undefined) return promise;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      promise.then(resolve, reject).then(() => signal.removeEventListener("abort", onAbort));
    });
  }

  /** Gives everything up and ends the source; what that throws counts unless something failed before. */
  async #end(failure?: unknown): Promise<void> {
    const source = this.#source;
    this.#state = "over";
    this.#source = undefined;
    this.#ready = [];
    this.#held = [];
    this.#free = [];
    try {
      const ended = source?.return?.();
      // An aborted source may never answer: nobody waits for it.
      if (isPromise(ended)) {
        if (this.#signal?.aborted) ended.then(undefined, () => undefined);
        else await ended;
      }
    } catch (error) {
      if (failure === undefined) throw error;
    }
  }
}

/** What elements must keep to. */
interface Rules {
  readonly capacity: number;
  readonly dropLong: boolean;
  readonly dropEmpty: boolean;
}

/** The length of element `index`; undefined if it is to be left out. */
function checkedLength(length: unknown, index: number, rules: Rules): number | undefined {
  const { capacity } = rules;
  if (typeof length === "number" && length >>> 0 === length && length > 0 && length <= capacity)
    return length;
  if (!isInteger(length, 0, 0xffff_ffff)) {
    const message = `length() of element ${index} must be an integer 0 .. 2^32 - 1, got ${show(length)}`;
    throw new StowageError("ERR_LENGTH", message, { index });
  }
  if (length === 0) {
    if (rules.dropEmpty) return undefined;
    const message = `element ${index} has no tokens, which mostly means a fault in tokenisation; set empty to 'drop' to leave such elements out`;
    throw new StowageError("ERR_EMPTY_SEQUENCE", message, { index, length });
  }
  if (rules.dropLong) return undefined;
  const message = `element ${index} has ${length} tokens, a pack holds ${capacity}; set overlong to 'drop' to leave such elements out`;
  throw new StowageError("ERR_OVERLONG", message, { index, length, capacity });
}

function isPromise(value: unknown): value is PromiseLike<never> {
  return typeof (value as PromiseLike<never> | undefined)?.then === "function";
}

/** How to begin with the source; nothing is read before the first pack is asked for. */
function toIterable<T>(source: AsyncIterable<T> | Iterable<T>): () => Source<T> {
  const asynchronous = (source as AsyncIterable<T> | undefined)?.[Symbol.asyncIterator];
  if (typeof asynchronous === "function") return () => asynchronous.call(source);
  const synchronous = (source as Iterable<T> | undefined)?.[Symbol.iterator];
  if (typeof synchronous === "function" && typeof source !== "string")
    return () => synchronous.call(source);
  const message = `\`source\` must be an iterable, an async iterable or a stream, got ${show(source)}`;
  throw new StowageError("ERR_OPTION", message);
}
