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
  readonly BYTES_PER_ELEMENT: number;
}

/** A zeroed typed array, or ERR_MEMORY with the bytes asked for. */
export function allocate<T>(array: ArrayClass<T>, length: number): T {
  try {
    return new array(length);
  } catch (cause) {
    const message = `the system refused ${length * array.BYTES_PER_ELEMENT} bytes for an array of ${length} elements; pack in parts, or free memory`;
    throw new StowageError("ERR_MEMORY", message, { cause });
  }
}
