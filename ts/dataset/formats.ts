// The formats of packed data sets.

/**
 * What a packed data set is written as.
 *
 * - `'parquet'`: shards `train-….parquet`; `datasets.load_dataset('parquet')`, pyarrow, polars, DuckDB, Spark, and TRL directly.
 * - `'arrow'`: shards `data-….arrow`, uncompressed IPC files that readers map into memory; pyarrow, `datasets`, apache-arrow JS.
 * - `'hf'`, `'trl'`, `'llamafactory'`: folders for `datasets.load_from_disk`.
 * - `'nemo'`, `'megatron'`, `'mds'`, `'npy'`, `'safetensors'`: what those trainers and libraries open.
 * - `'seqpack'`: plan and id pools without tokens.
 */
export type DatasetFormat =
  | "parquet"
  | "arrow"
  | "hf"
  | "trl"
  | "llamafactory"
  | "nemo"
  | "megatron"
  | "mds"
  | "npy"
  | "safetensors"
  | "seqpack";

/** Every name of {@link DatasetFormat}. */
export const allFormats: readonly DatasetFormat[] = [
  ...(["parquet", "arrow", "hf", "trl", "llamafactory", "nemo", "megatron"] as const),
  ...(["mds", "npy", "safetensors", "seqpack"] as const),
];
