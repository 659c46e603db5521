// Packed data sets as rows that a test may change and put back, in every format with rows: to break
// a data set on purpose. Arrays in files are changed where they lie; tables are written anew by
// apache-arrow or DuckDB.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import type { DatasetFormat } from "../index.js";
import { readManifest, writeArrow } from "./dataset-files.js";

/** A column of a row: numbers, or bigints where the file has 64 bits. */
type Typed = Uint16Array | Int32Array | Float32Array | BigInt64Array;
type Values = number[] | Typed;

/** A row: `get` and `set` see plain numbers. */
export class PackedRow {
  constructor(readonly columns: Record<string, Values>) {}
  has(column: string): boolean {
    return column in this.columns;
  }
  get(column: string): number[] {
    return Array.from(this.columns[column] as ArrayLike<number>, Number);
  }
  set(column: string, index: number, value: number): void {
    const values = this.columns[column]!;
    values[index] = (values instanceof BigInt64Array ? BigInt(value) : value) as never;
  }
}

/** The rows of a data set, their first file, and a way to put them back. */
export interface Packed {
  rows: PackedRow[];
  /** The file with column `column` of row 0. */
  path(column: string): string;
  save(): Promise<void>;
}

/** Sets the sizes in the manifest to those of the files, as one who cheats would. */
export function restate(output: string, more: Record<string, unknown> = {}): void {
  const manifest = readManifest(output) as { files: { path: string; bytes: number }[] };
  for (const file of manifest.files) file.bytes = readFileSync(join(output, file.path)).length;
  writeFileSync(join(output, "_stowage.json"), JSON.stringify({ ...manifest, ...more }));
}

/** Opens a data set of one file. */
export async function openPacked(output: string, format: DatasetFormat): Promise<Packed> {
  const { files } = readManifest(output) as { files: { path: string }[] };
  const path = join(output, files[0]!.path);
  if (format === "npy") return npyRows(output, (name) => join(output, `${name}.npy`));
  if (format === "megatron") return megatronRows(output);
  if (format === "safetensors") return safetensorsRows(path);
  if (format === "mds") return mdsRows(path);
  const parquet = format === "parquet" || format === "nemo";
  const rows = parquet ? await readParquet(path) : readTable(path);
  const save = async () => {
    if (parquet) await writeParquet(path, rows);
    else writeTable(path, rows, format === "arrow" ? "file" : "stream");
    restate(output);
  };
  return { rows, save, path: () => path };
}

function readTable(path: string): PackedRow[] {
  return Array.from(arrow.tableFromIPC(readFileSync(path)), (row) => {
    const lists = Array.from(row!, ([name, list]) => [name, Array.from(list as never, Number)]);
    return new PackedRow(Object.fromEntries(lists));
  });
}

const wide = (name: string): boolean => name === "sequence_ids" || name === "piece_starts";

function writeTable(path: string, rows: PackedRow[], kind: "file" | "stream"): void {
  const columns = Object.keys(rows[0]!.columns).map((name) => {
    const lists = rows.map((row) => (wide(name) ? row.get(name).map(BigInt) : row.get(name)));
    const type = wide(name) ? new arrow.Int64() : new arrow.Int32();
    return [name, { rows: lists as number[][], type }];
  });
  writeArrow(path, Object.fromEntries(columns), kind);
}

async function readParquet(path: string): Promise<PackedRow[]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const read = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
  const lists = (list: unknown) => Array.from(list as ArrayLike<number>, Number);
  return read
    .getRowObjectsJS()
    .map(
      (row) =>
        new PackedRow(
          Object.fromEntries(Object.entries(row).map(([name, list]) => [name, lists(list)])),
        ),
    );
}

async function writeParquet(path: string, rows: PackedRow[]): Promise<void> {
  const lines = rows.map((row) => JSON.stringify(row.columns)).join("\n");
  writeFileSync(`${path}.jsonl`, lines);
  const type = (name: string) =>
    wide(name) ? "BIGINT[]" : name === "loss_mask" ? "TINYINT[]" : "INTEGER[]";
  const columns = Object.keys(rows[0]!.columns).map((name) => `${name}: '${type(name)}'`);
  const read = `read_json('${path}.jsonl', columns = {${columns.join(", ")}})`;
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`COPY (SELECT * FROM ${read}) TO '${path}' (FORMAT parquet)`);
}

/** The bytes of a file, in memory that typed arrays can look into, and where its arrays begin. */
function bytesOf(path: string): ArrayBuffer {
  return Uint8Array.from(readFileSync(path)).buffer;
}

const types = {
  ...{ i4: Int32Array, i8: BigInt64Array, f4: Float32Array },
  ...{ I32: Int32Array, I64: BigInt64Array, F32: Float32Array },
};

/** A numpy array as a view into the bytes of its file. */
function npyView(bytes: ArrayBuffer): Typed {
  const header = new DataView(bytes).getUint16(8, true);
  const words = Buffer.from(bytes, 10, header).toString("latin1");
  const kind = /'descr': '<(i4|i8|f4)'/.exec(words)![1] as "i4" | "i8" | "f4";
  return new types[kind](bytes, 10 + header);
}

/** Which arrays have a value per segment; `cu_seqlens` of a row has an end per segment, and no 0. */
const bySegment = ["sequence_ids", "piece_starts", "token_counts"];

/** Rows over arrays; `width`: rows are padded to it. */
function rowsOf(arrays: Record<string, Typed>, width?: number): PackedRow[] {
  const [ends, packs] = ["cu_seqlens", "pack_offsets"].map((name) =>
    Array.from(arrays[name] as ArrayLike<number>, Number),
  ) as [number[], number[]];
  return packs.slice(1).map((to, row) => {
    const from = packs[row]!;
    const columns = Object.entries(arrays).map(([name, values]) => {
      if (name === "pack_offsets") return [name, values.subarray(row + 1, row + 2)];
      if (name === "cu_seqlens") return [name, values.subarray(from + 1, to + 1)];
      if (bySegment.includes(name)) return [name, values.subarray(from, to)];
      if (width === undefined) return [name, values.subarray(ends[from], ends[to])];
      return [name, values.subarray(row * width, (row + 1) * width)];
    });
    const lengths = Array.from(
      { length: to - from },
      (_, k) => ends[from + k + 1]! - ends[from + k]!,
    );
    return new PackedRow({ ...Object.fromEntries(columns), seq_lengths: lengths });
  });
}

function npyRows(output: string, path: (name: string) => string): Packed {
  const names = (readManifest(output).columns as string[]) ?? [];
  const files = new Map(names.map((name) => [name, bytesOf(path(name))]));
  const arrays = Object.fromEntries(Array.from(files, ([name, bytes]) => [name, npyView(bytes)]));
  const save = async () => {
    for (const [name, bytes] of files) writeFileSync(path(name), new Uint8Array(bytes));
  };
  return { rows: rowsOf(arrays), save, path };
}

function megatronRows(output: string): Packed {
  const path = (name: string) =>
    join(output, `packed_text_document.${name === "input_ids" ? "bin" : `${name}.npy`}`);
  const names = readdirSync(output).flatMap((name) => /document\.(\w+)\.npy/.exec(name)?.[1] ?? []);
  const files = new Map([...names, "input_ids"].map((name) => [name, bytesOf(path(name))]));
  const arrays: Record<string, Typed> = Object.fromEntries(
    names.map((name) => [name, npyView(files.get(name)!)]),
  );
  const { capacity } = readManifest(output) as { capacity: number };
  const tokens = files.get("input_ids")!;
  const rows = arrays.pack_offsets!.length - 1;
  const narrow = tokens.byteLength === rows * capacity * 2;
  arrays.input_ids = narrow ? new Uint16Array(tokens) : new Int32Array(tokens);
  const save = async () => {
    for (const [name, bytes] of files) writeFileSync(path(name), new Uint8Array(bytes));
  };
  return { rows: rowsOf(arrays, capacity), save, path };
}

function safetensorsRows(path: string): Packed {
  const bytes = bytesOf(path);
  const data = 8 + Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes, 8, data - 8).toString("utf8"));
  const { __metadata__: _, ...tensors } = header as Record<
    string,
    { dtype: "I32" | "I64" | "F32"; shape: number[]; data_offsets: [number, number] }
  >;
  const arrays = Object.entries(tensors).map(([name, { dtype, shape, data_offsets }]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, new types[dtype](bytes, data + data_offsets[0], count)];
  });
  const save = async () => writeFileSync(path, new Uint8Array(bytes));
  const rows = rowsOf(Object.fromEntries(arrays), tensors.input_ids!.shape[1]);
  return { rows, save, path: () => path };
}

/** A shard; values are copies, since they aren't aligned, and put back byte by byte. */
function mdsRows(path: string): Packed {
  const bytes = readFileSync(path);
  const [count, start] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  const config = JSON.parse(bytes.toString("utf8", 4 + 4 * (count + 1), start));
  const places: [Values, number][] = [];
  const rows = Array.from({ length: count }, (_, sample) => {
    const sizes = bytes.readUInt32LE(4 + 4 * sample);
    let at = sizes + 4 * config.column_names.length;
    const columns = config.column_names.map((name: string, k: number) => {
      const size = bytes.readUInt32LE(sizes + 4 * k);
      const head = 1 + 2 ** (bytes[at]! - 4);
      const own = Uint8Array.from(bytes.subarray(at + head, at + size)).buffer;
      const kind = { int32: "i4", int64: "i8", float32: "f4" }[
        config.column_encodings[k].slice(8) as "int32"
      ] as "i4";
      const values = new types[kind](own);
      places.push([values, at + head]);
      at += size;
      return [name, values];
    });
    return new PackedRow(Object.fromEntries(columns));
  });
  const save = async () => {
    for (const [values, at] of places) bytes.set(new Uint8Array((values as Int32Array).buffer), at);
    writeFileSync(path, bytes);
  };
  return { rows, save, path: () => path };
}
