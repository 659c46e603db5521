// The formats of packed data sets: the one list of their names, which the command line reads too. It
// imports nothing, so that the bundle of the command line may hold a copy.

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

// A record, so that the compiler asks for every name.
const names: Readonly<Record<DatasetFormat, true>> = {
  parquet: true,
  arrow: true,
  hf: true,
  trl: true,
  llamafactory: true,
  nemo: true,
  megatron: true,
  mds: true,
  npy: true,
  safetensors: true,
  seqpack: true,
};

/** Every name of {@link DatasetFormat}, in the order of messages and help texts. */
export const allFormats: readonly DatasetFormat[] = Object.keys(names) as DatasetFormat[];
