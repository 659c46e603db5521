// How fast a data set is read back, warm: bytes of input ids per second of processor time, of all threads
// together, collector included, from `openDataset(…).batches({ rows, reuse })`. The last part of
// `npm run bench:rows`; `--gigabytes 0.1` makes a smaller data set. Targets: 1 GB/s from Arrow, 300 MB/s
// from Parquet with zstd.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Data, Field, Int32, List, makeData, Table, Vector } from "apache-arrow";
import { type DatasetFormat, type GivenInput, openDataset, packDataset } from "../index.js";
import { CAPACITY, lengths } from "./lengths.js";

const rounds = 5;

/** Tables of sequences as long as those of `lengths`, `tokens` tokens in all. */
function* tables(tokens: number): Generator<Table> {
  const each = lengths(40_000);
  const valueOffsets = new Int32Array(each.length + 1);
  each.forEach((length, k) => {
    valueOffsets[k + 1] = (valueOffsets[k] ?? 0) + length;
  });
  const count = valueOffsets[each.length] ?? 0;
  // Ids of a vocabulary of 32,000, the small ones more often: not what compresses to nothing.
  const data = new Int32Array(count).map((_, k) =>
    Math.floor(32_000 * ((Math.imul(k, 2654435761) >>> 0) / 2 ** 32) ** 2),
  );
  const child = makeData({ type: new Int32(), data });
  const type = new List(new Field("item", new Int32(), true));
  const list: Data<List<Int32>> = makeData({ type, length: each.length, valueOffsets, child });
  for (let made = 0; made < tokens; made += count)
    yield new Table({ input_ids: new Vector([list]) });
}

/** Reads everything once; returns the bytes of ids. */
async function pass(folder: string, rows: number): Promise<number> {
  let bytes = 0;
  const dataset = await openDataset(folder);
  const options = { rows, labels: false, attentionMask: false, reuse: true } as const;
  for await (const batch of dataset.batches(options)) bytes += batch.inputIds.byteLength;
  return bytes;
}

/** The table of reading, for a data set of so many gigabytes of ids. */
export async function reading(gigabytes: number): Promise<void> {
  const at = mkdtempSync(join(tmpdir(), "stowage-reading-"));
  console.log(`\nreading ${gigabytes} GB of ids back, warm, reusing arrays; packs of ${CAPACITY}`);
  console.log("format | packs a batch | per second of processor time | by the clock");
  try {
    for (const [format, compression] of [
      ["arrow", undefined],
      ["parquet", "zstd"],
      ["parquet", "none"],
      ["mds", undefined],
    ] as const satisfies [DatasetFormat, string | undefined][]) {
      const output = join(at, `${format}-${compression}`);
      const input = tables(gigabytes * 2.5e8) as unknown as GivenInput;
      await packDataset({ input, output, format, capacity: CAPACITY, compression });
      for (const rows of [8, 64]) {
        await pass(output, rows); // warms up
        const speeds = [];
        for (let round = 0; round < rounds; round++) {
          const [start, before] = [performance.now(), process.cpuUsage()];
          const bytes = await pass(output, rows);
          const { user, system } = process.cpuUsage(before);
          speeds.push([bytes / (user + system) / 1000, bytes / (performance.now() - start) / 1e6]);
        }
        speeds.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
        const [busy = 0, clock = 0] = speeds[rounds >> 1] ?? [];
        const name = compression === undefined ? format : `${format} ${compression}`;
        console.log(
          [name, rows, `${busy.toFixed(2)} GB/s`, `${clock.toFixed(2)} GB/s`].join(" | "),
        );
      }
      rmSync(output, { recursive: true });
    }
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}
