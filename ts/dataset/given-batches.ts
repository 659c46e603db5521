// Record batches of apache-arrow, by their shape: apache-arrow is no dependency, and a batch of another
// copy of it is as good. What they hold is handed on as the buffers of Arrow's layout.

import { StowageError } from "../base/errors.js";
import type { Native } from "../base/native.js";
import { show } from "../base/options.js";
import { isGone, isShared } from "../base/views.js";

/** A column in the words of native code. */
export type BatchColumn = Parameters<InstanceType<Native["BatchSpool"]>["write"]>[1][number];

/** The members of apache-arrow's types that matter here. */
interface ArrowType {
  readonly typeId: number;
  readonly bitWidth?: number;
  readonly isSigned?: boolean;
  readonly precision?: number;
  readonly scale?: number;
  readonly unit?: number;
  readonly timezone?: string | null;
  readonly byteWidth?: number;
  readonly listSize?: number;
  readonly indices?: ArrowType;
  readonly children?: readonly { readonly name: string }[] | null;
}

/** A chunk of a column. */
interface ArrowData {
  readonly type: ArrowType;
  readonly length: number;
  readonly offset: number;
  readonly nullCount: number;
  readonly stride: number;
  readonly nullBitmap?: Uint8Array | null;
  readonly valueOffsets?: Int32Array | BigInt64Array | null;
  readonly values?: ArrayBufferView | null;
  readonly children: readonly ArrowData[];
  readonly dictionary?: { readonly data: readonly ArrowData[] } | null;
}

interface ArrowBatch {
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  readonly numRows: number;
  readonly data?: ArrowData;
  readonly batches?: readonly ArrowBatch[];
}

/** True for a RecordBatch or a Table. */
export function isBatches(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { schema, numRows } = value as Partial<ArrowBatch>;
  return Array.isArray(schema?.fields) && typeof numRows === "number";
}

/** The columns of each batch of a RecordBatch or a Table, and its rows. */
export function* columnsOf(value: unknown): Generator<{ rows: number; columns: BatchColumn[] }> {
  const given = value as ArrowBatch;
  for (const batch of Array.isArray(given.batches) ? given.batches : [given]) {
    const { data, numRows, schema } = batch as ArrowBatch;
    if (data === undefined || !Array.isArray(data.children)) {
      const message = `a record batch without \`data\`, in ${show(value)}; give the bytes of an Arrow IPC stream (tableToIPC)`;
      throw new StowageError("ERR_COLUMN", message);
    }
    const columns = data.children.map((chunk, k) => column(schema.fields[k]?.name ?? "", chunk));
    yield { rows: numRows, columns };
  }
}

function column(name: string, data: ArrowData): BatchColumn {
  const { type, length, offset, stride } = data;
  const offsets = data.valueOffsets ?? undefined;
  const kind = kindOf(type);
  const bytesEnd = offsets === undefined ? undefined : Number(offsets[length] ?? 0);
  // Buffers may be longer than what they hold.
  const end = kind === "bool" ? Math.ceil((offset + length) / 8) : (bytesEnd ?? length * stride);
  const below =
    type.typeId === DICTIONARY
      ? [column("", values(data, name))]
      : data.children.map((child, k) => column(type.children?.[k]?.name ?? "item", child));
  const nested = below.length > 0 && type.typeId !== DICTIONARY;
  return {
    name,
    kind,
    length,
    bit: offset,
    nulls: data.nullCount === 0 ? null : bytes(data.nullBitmap, name),
    offsets: offsets === undefined ? null : bytes(offsets.subarray(0, length + 1), name),
    values: nested || kind === "null" ? null : bytes(data.values, name, end),
    children: below,
  };
}

/** The values of a dictionary. */
function values({ dictionary }: ArrowData, name: string): ArrowData {
  const chunks = dictionary?.data ?? [];
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const message = `column '${name}' has a dictionary of ${chunks.length} chunks; give the bytes of an Arrow IPC stream (tableToIPC)`;
  throw new StowageError("ERR_COLUMN", message);
}

/** The bytes of the first `elements` of a buffer. */
function bytes(
  view: ArrayBufferView | null | undefined,
  name: string,
  elements?: number,
): Uint8Array {
  if (view === null || view === undefined) return new Uint8Array(0);
  if (isGone(view)) {
    const message = `column '${name}' is empty because its buffer was transferred`;
    throw new StowageError("ERR_COLUMN", message);
  }
  const { BYTES_PER_ELEMENT: width = 1 } = view as Uint8Array;
  const length = Math.min(view.byteLength, elements === undefined ? Infinity : elements * width);
  const found = new Uint8Array(view.buffer, view.byteOffset, length);
  return isShared(view.buffer) ? found.slice() : found;
}

const DICTIONARY = -1;
const units = ["s", "ms", "us", "ns"] as const;

function kindOf(type: ArrowType): string {
  const { typeId, bitWidth, precision = 0, unit = 0 } = type;
  switch (typeId) {
    case 1:
      return "null";
    case 2:
      return `${type.isSigned ? "int" : "uint"}${bitWidth}`;
    case 3:
      return ["float16", "float32", "float64"][precision] as string;
    case 4:
      return "binary";
    case 5:
      return "utf8";
    case 6:
      return "bool";
    case 7:
      return bitWidth === 128 ? `decimal:${precision}:${type.scale}` : `decimal${bitWidth}`;
    case 8:
      return unit === 0 ? "date32" : "date64";
    case 9:
      return `time${bitWidth}:${units[unit]}`;
    case 10:
      return `timestamp:${units[unit]}${type.timezone ? `:${type.timezone}` : ""}`;
    case 11:
      return unit === 0 ? "year_month" : "interval";
    case 12:
      return "list";
    case 13:
      return "struct";
    case 15:
      return `fixed_binary:${type.byteWidth}`;
    case 16:
      return `fixed_list:${type.listSize}`;
    case 18:
      return `duration:${units[unit]}`;
    case 19:
      return "large_binary";
    case 20:
      return "large_utf8";
    case 21:
      return "large_list";
    case DICTIONARY:
      return `dictionary:${type.indices === undefined ? "" : kindOf(type.indices)}`;
    default:
      return `number ${typeId} of Arrow's types`;
  }
}
