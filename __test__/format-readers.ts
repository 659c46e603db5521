// Plain readers of every format, for tests of contents: the rows of token ids as the trainer sees them,
// padding included. They follow the formats' documentation and share nothing with the writers.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";

/** All rows of `input_ids` of a packed data set. */
export async function readIds(output: string, format: string): Promise<number[][]> {
  const names = (ending: string, folder = output): string[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => join(folder, name));
  switch (format) {
    case "parquet":
    case "nemo":
      return parquetRows(names(".parquet"));
    case "llamafactory":
      return arrowRows(names(".arrow", join(output, "train")));
    case "arrow":
    case "hf":
    case "trl":
      return arrowRows(names(".arrow"));
    case "mds":
      return mdsRows(output);
    case "npy": {
      const ids = npy(join(output, "input_ids.npy"));
      const [ends, packs] = ["cu_seqlens", "pack_offsets"].map((n) =>
        npy(join(output, `${n}.npy`)),
      );
      return cut(
        ids,
        packs!.map((segment) => ends![segment]!),
      );
    }
    case "safetensors":
      return names(".safetensors").flatMap(safetensorsRows);
    case "megatron":
      return megatronRows(join(output, "packed_text_document"));
    default:
      throw new Error(`${format} has no tokens`);
  }
}

const cut = (ids: number[], ends: number[]): number[][] =>
  ends.slice(1).map((end, k) => ids.slice(ends[k], end));

const numbers = (values: ArrayLike<number> | ArrayLike<bigint>): number[] =>
  Array.from(values as ArrayLike<number>, Number);

/** A copy of some bytes, at the beginning of a buffer of its own, as typed arrays want it. */
const alone = (bytes: Buffer, from: number, to: number): ArrayBuffer =>
  Uint8Array.from(bytes.subarray(from, to)).buffer;

function arrowRows(paths: string[]): number[][] {
  return paths.flatMap((path) =>
    Array.from(arrow.tableFromIPC(readFileSync(path)), (row) =>
      numbers(Array.from(row!.input_ids as Iterable<number>)),
    ),
  );
}

async function parquetRows(paths: string[]): Promise<number[][]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows: number[][] = [];
  for (const path of paths) {
    const query = `SELECT input_ids FROM read_parquet('${path}', file_row_number = true) ORDER BY file_row_number`;
    const read = await connection.runAndReadAll(query);
    rows.push(
      ...(read.getColumnsJS()[0] ?? []).map((list) => numbers(list as unknown as number[])),
    );
  }
  return rows;
}

/** A flat array of numpy, format 1.0. */
export function npy(path: string): number[] {
  const bytes = readFileSync(path);
  const from = 10 + bytes.readUInt16LE(8);
  const [, kind] = /'descr': '<(i4|i8|f4)'/.exec(bytes.toString("latin1", 10, from))!;
  const values = alone(bytes, from, bytes.length);
  if (kind === "i8") return numbers(new BigInt64Array(values));
  return numbers(kind === "i4" ? new Int32Array(values) : new Float32Array(values));
}

function mdsRows(output: string): number[][] {
  const { shards } = JSON.parse(readFileSync(join(output, "index.json"), "utf8"));
  return shards.flatMap((shard: { raw_data: { basename: string }; column_names: string[] }) => {
    const bytes = readFileSync(join(output, shard.raw_data.basename));
    const column = shard.column_names.indexOf("input_ids");
    return Array.from({ length: bytes.readUInt32LE(0) }, (_, sample) => {
      const start = bytes.readUInt32LE(4 + 4 * sample);
      let from = start + 4 * shard.column_names.length;
      for (let k = 0; k < column; k++) from += bytes.readUInt32LE(start + 4 * k);
      const wide = bytes.readUInt8(from) - 4; // the count has 1, 2 or 4 bytes
      const head = 1 + 2 ** wide;
      return numbers(
        new Int32Array(alone(bytes, from + head, from + bytes.readUInt32LE(start + 4 * column))),
      );
    });
  });
}

function safetensorsRows(path: string): number[][] {
  const bytes = readFileSync(path);
  const data = 8 + Number(bytes.readBigUInt64LE(0));
  const { input_ids } = JSON.parse(bytes.toString("utf8", 8, data));
  const [begin, end] = input_ids.data_offsets;
  const [rows, width] = input_ids.shape;
  const ids = numbers(new Int32Array(alone(bytes, data + begin, data + end)));
  return Array.from({ length: rows }, (_, k) => ids.slice(k * width, (k + 1) * width));
}

function megatronRows(prefix: string): number[][] {
  const index = readFileSync(`${prefix}.idx`);
  const bytes = readFileSync(`${prefix}.bin`);
  const count = Number(index.readBigUInt64LE(18));
  const narrow = index.readUInt8(17) === 8;
  return Array.from({ length: count }, (_, k) => {
    const length = index.readInt32LE(34 + 4 * k);
    const from = Number(index.readBigInt64LE(34 + 4 * count + 8 * k));
    const ids = alone(bytes, from, from + length * (narrow ? 2 : 4));
    return numbers(narrow ? new Uint16Array(ids) : new Int32Array(ids));
  });
}
