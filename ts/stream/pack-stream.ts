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
import { checkStreamOptions, type StreamOptions, streamKeys } from "./options.js";
import { type StreamedPack, StreamPacker } from "./stream.js";

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
  /** Elements that can't close a pack yet: they cross in one call. */
  readonly #ids: number[] = [];
  readonly #lengths: number[] = [];
  #source: Source<T> | undefined;
  #index = 0;
  #state: "running" | "drained" | "over" = "running";
  #turn: Promise<unknown> = Promise.resolve();

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
      window: checked.strategy === 0 ? Math.max(1, checked.lookahead) : 1,
    };
    this.#packer = new StreamPacker(options as unknown as StreamOptions);
  }

  /** Calls that overlap wait for each other, as those of an async generator do. */
  next(): Promise<IteratorResult<T[]>> {
    const result = this.#turn.then(() => this.#step());
    this.#turn = result.catch(() => undefined);
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

  async #step(): Promise<IteratorResult<T[]>> {
    let asking = false;
    try {
      if (this.#state !== "over") this.#signal?.throwIfAborted();
      while (this.#ready.length === 0 && this.#state === "running") {
        asking = true;
        this.#source ??= this.#open();
        const given = this.#source.next();
        // A source that needs no waiting costs none: a promise takes longer than a sequence.
        const result = "then" in given ? await this.#unlessAborted(given) : given;
        asking = false;
        if (this.#state === "running") this.#take(result); // else the consumer has left meanwhile
      }
    } catch (error) {
      // A source that failed has ended by itself; an aborted one is told to.
      if (asking && !this.#signal?.aborted) this.#source = undefined;
      await this.#end(error);
      throw error;
    }
    const value = this.#ready.pop();
    if (value !== undefined) return { done: false, value };
    this.#state = "over";
    return { done: true, value: undefined };
  }

  /** Adds an element of the source, or ends the stream with it. */
  #take(result: IteratorResult<T>): void {
    if (result.done) {
      const last = this.#ids.length > 0 ? this.#flush() : [];
      this.#hand([...last, ...this.#packer.finish()]);
      this.#state = "drained";
      return;
    }
    const index = this.#index++;
    const length = checkedLength(this.#length(result.value), index, this.#rules);
    if (length === undefined) return;
    const place = this.#free.pop() ?? this.#held.length;
    this.#held[place] = result.value;
    if (this.#rules.window === 1) {
      this.#hand(this.#packer.add([place], [length]));
      return;
    }
    this.#ids.push(place);
    this.#lengths.push(length);
    if (this.#ids.length >= this.#rules.window) this.#hand(this.#flush());
  }

  #flush(): readonly StreamedPack[] {
    const closed = this.#packer.add(this.#ids, this.#lengths);
    this.#ids.length = 0;
    this.#lengths.length = 0;
    return closed;
  }

  #hand(closed: readonly StreamedPack[]): void {
    if (closed.length === 0) return;
    this.#ready = closed.map(({ ids }) => {
      const pack = ids.map((place) => this.#held[place] as T);
      for (const place of ids) {
        this.#held[place] = undefined;
        this.#free.push(place);
      }
      return pack;
    });
    this.#ready.reverse();
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
  /** Elements that can be added without closing a pack, plus one. */
  readonly window: number;
}

/** The length of element `index`; undefined if it is to be left out. */
function checkedLength(length: unknown, index: number, rules: Rules): number | undefined {
  const { capacity } = rules;
  if (!isInteger(length, 0, 0xffff_ffff)) {
    const message = `length() of element ${index} must be an integer 0 .. 2^32 - 1, got ${show(length)}`;
    throw new StowageError("ERR_LENGTH", message, { index });
  }
  if (length > 0 && length <= capacity) return length;
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
