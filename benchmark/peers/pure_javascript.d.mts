export interface Result {
  offsets: Uint32Array;
  sequences: Uint32Array;
}
export function packLengths(lengths: Uint32Array, capacity: number): Result;
/** Throws unless each sequence stands in one pack and no pack is over the capacity. */
export function check(lengths: Uint32Array, capacity: number, result: Result): void;
