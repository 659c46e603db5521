// Closed packs as native code writes them, one after another, and as callers get them.

/** A pack that a stream has closed. Entries stand in the order of placing. */
export interface StreamedPack {
  /** The caller's ids. */
  ids: number[];
  /** Tokens of each entry. */
  lengths: number[];
  /** Tokens of all entries. */
  tokens: number;
  /** First token of each entry within its sequence; only where a sequence was truncated or split. */
  starts?: number[];
}

/**
 * The packs that stand in `room[from .. end)`: for each the number of entries, below 0 where a sequence
 * was cut, then ids, lengths and, only there, starts.
 */
export function toPacks(room: Float64Array, from: number, end: number): StreamedPack[] {
  const closed: StreamedPack[] = [];
  for (let at = from; at < end; ) {
    const count = Math.abs(room[at]!);
    const cut = room[at]! < 0;
    closed.push(toPack(room, at + 1, count, cut));
    at += 1 + (cut ? 3 : 2) * count;
  }
  return closed;
}

/** Its arrays are made at their size: growing them takes ten times as long. */
function toPack(room: Float64Array, from: number, count: number, cut: boolean): StreamedPack {
  const ids = new Array<number>(count);
  const lengths = new Array<number>(count);
  let tokens = 0;
  for (let at = 0; at < count; at++) {
    const length = room[from + count + at]!;
    ids[at] = room[from + at]!;
    lengths[at] = length;
    tokens += length;
  }
  if (!cut) return { ids, lengths, tokens };
  const starts = Array.from(room.subarray(from + 2 * count, from + 3 * count));
  return { ids, lengths, tokens, starts };
}
