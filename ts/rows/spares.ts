// Arrays of rows: in the memory of earlier ones where that fits, else new.

import { allocateToFill, type F32, type I32, type U32 } from "../base/memory.js";
import type { Given } from "../base/options.js";
import { isShared } from "../base/views.js";

/** Gives out each buffer once, and none that is read from meanwhile. */
export class Spares {
  readonly #old: Given;
  readonly #taken: Set<unknown>;

  /** @param inputs typed arrays that are read while the spare ones are filled */
  constructor(old: Given, inputs: readonly (ArrayBufferView | undefined)[]) {
    this.#old = old;
    this.#taken = new Set();
    for (const view of inputs) this.#taken.add(view?.buffer);
  }

  int32(name: string, length: number): I32 {
    return (this.#spare(name, Int32Array, length) ?? allocateToFill(Int32Array, length)) as I32;
  }

  uint32(name: string, length: number): U32 {
    return (this.#spare(name, Uint32Array, length) ?? allocateToFill(Uint32Array, length)) as U32;
  }

  float32(name: string, length: number): F32 {
    return (this.#spare(name, Float32Array, length) ?? allocateToFill(Float32Array, length)) as F32;
  }

  #spare<T extends { length: number }>(
    name: string,
    ArrayClass: new (buffer: ArrayBuffer) => T,
    length: number,
  ): T | undefined {
    const old = this.#old[name];
    if (length === 0 || !ArrayBuffer.isView(old)) return undefined;
    const { buffer } = old;
    if (isShared(buffer) || buffer.byteLength !== 4 * length || this.#taken.has(buffer))
      return undefined;
    this.#taken.add(buffer);
    // A view of its own, whatever the old one says of itself.
    const array = new ArrayClass(buffer as ArrayBuffer);
    return array.length === length ? array : undefined;
  }
}
