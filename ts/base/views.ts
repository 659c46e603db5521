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

/**
 * True if an array has no elements because its buffer was transferred, whatever it had before. Node 20
 * has no `buffer.detached`.
 */
export function isGone({ buffer, byteLength }: ArrayBufferView): boolean {
  if (byteLength > 0 || isShared(buffer)) return false;
  try {
    new Uint8Array(buffer as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
}
