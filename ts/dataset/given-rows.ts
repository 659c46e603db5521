// Rows in memory as JSON lines: what packs them is the reader of such files, so a row that was given and
// the same row of a file can't come out differently.

import { StowageError } from "../base/errors.js";
import { show } from "../base/options.js";
import { isGone, kindOf } from "../base/views.js";

/** A row as a line of JSON; `index` is its number in the source. */
export function lineOf(row: unknown, index: number): string {
  const plain = typeof row === "object" && row !== null && toJSONOf(row);
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) {
    const hint = typeof row === "string" ? "; a line of JSON has to be parsed" : "";
    const message = `row ${index} of \`input\` must be an object of columns, got ${show(row)}${hint}`;
    throw new StowageError("ERR_COLUMN", message, { row: index });
  }
  return `${text(plain, index, 0)}\n`;
}

/** What an object says of itself, as rows of Arrow tables do. */
function toJSONOf(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value) : value;
}

/** A value in JSON. Numbers that it lacks are written by their names, which the reader refuses. */
function text(value: unknown, index: number, depth: number): string {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return Object.is(value, -0) ? "0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null) return "null";
  if (depth > 64) throw wrong("lists and objects more than 64 deep", index);
  if (ArrayBuffer.isView(value)) return ofView(value, index);
  if (Array.isArray(value)) {
    // `Array.from` gives the holes of an array, too.
    return `[${Array.from(value, (each) => text(each, index, depth + 1)).join(",")}]`;
  }
  if (typeof value !== "object") throw wrong(show(value), index);
  const { items, toArray } = value as { items?: unknown; toArray?: unknown };
  if (typeof toArray === "function") return text(toArray.call(value), index, depth + 1);
  if (Array.isArray(items) || ArrayBuffer.isView(items)) return text(items, index, depth + 1);
  const plain = toJSONOf(value);
  if (plain !== value) return text(plain, index, depth + 1);
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined)
      members.push(`${JSON.stringify(name)}:${text(member, index, depth + 1)}`);
  }
  return `{${members.join(",")}}`;
}

function ofView(view: ArrayBufferView, index: number): string {
  const kind = kindOf(view);
  if (kind === undefined) throw wrong("a DataView", index);
  if (isGone(view)) throw wrong("a list that is empty because its buffer was transferred", index);
  const list = view as Float64Array;
  // Fractions are what tells weights from a mask.
  if (!kind.startsWith("Float")) return `[${list.join(",")}]`;
  const written = Array.from(list, (each) =>
    Number.isInteger(each) ? each.toFixed(1) : `${each}`,
  );
  return `[${written.join(",")}]`;
}

function wrong(what: string, index: number): StowageError {
  const message = `row ${index} of \`input\` holds ${what}, which no column can`;
  return new StowageError("ERR_COLUMN", message, { row: index });
}
