// Result arrays. JavaScript allocates, native code fills.

import { StowageError } from "./errors.js";

/** 32-bit unsigned numbers in a buffer of their own, which may be transferred. */
export type U32 = Uint32Array<ArrayBuffer>;
/** 32-bit signed numbers in a buffer of their own, which may be transferred. */
export type I32 = Int32Array<ArrayBuffer>;
/** 32-bit floating-point numbers in a buffer of their own, which may be transferred. */
export type F32 = Float32Array<ArrayBuffer>;
/** Bytes in a buffer of their own, which may be transferred. */
export type U8 = Uint8Array<ArrayBuffer>;

interface ArrayClass<T> {
  new (length: number): T;
  new (buffer: ArrayBufferLike): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** Smaller arrays are zeroed in less time than the detour takes. */
const worthIt = 4096;
/** From here on the system hands out pages of zeros anyway. */
const zeroAnyway = 32 * 2 ** 20;

/**
 * A typed array of which every element is about to be written, or ERR_MEMORY with the bytes asked for.
 * Its memory isn't cleared first, which would cost a third of filling it: hand it out only when it is full.
 */
export function allocateToFill<T>(array: ArrayClass<T>, length: number): T {
  const bytes = length * array.BYTES_PER_ELEMENT;
  if (bytes < worthIt || bytes > zeroAnyway) return allocate(array, length);
  try {
    // A buffer of its own, which may be transferred; those of Buffer.allocUnsafe are parts of a pool.
    const { buffer } = Buffer.allocUnsafeSlow(bytes);
    if (buffer.byteLength === bytes) return new array(buffer);
  } catch {
    // Refused: `allocate` says so with the numbers.
  }
  return allocate(array, length);
}

/** A zeroed typed array, or ERR_MEMORY with the bytes asked for. */
export function allocate<T>(array: ArrayClass<T>, length: number): T {
  return orRefused(array, length, () => new array(length));
}

function orRefused<T>(array: ArrayClass<T>, length: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const message = `the system refused ${length * array.BYTES_PER_ELEMENT} bytes for an array of ${length} elements; pack in parts, or free memory`;
    throw new StowageError("ERR_MEMORY", message, { cause });
  }
}
