// What stands behind an array, whichever realm made it: its class, and whose memory it is.

const tagOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** The class of a typed array of any realm; undefined for a DataView. */
export function kindOf(view: unknown): string | undefined {
  return tagOf.call(view);
}

/** True for memory that another thread may write to. */
export function isShared(buffer: unknown): boolean {
  return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
}

/** True if the buffer's memory has gone to another thread. Node 20 has no `buffer.detached`. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (isShared(buffer)) return false;
  try {
    new Uint8Array(buffer as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
}
