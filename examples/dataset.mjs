// Packs a file of token ids into Parquet that a trainer opens, and proves the output.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packDataset, readLengths, StowageError, verifyDataset } from "stowage";

const input = fileURLToPath(new URL("data/python-docs.jsonl", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "stowage-example-"));
const output = join(folder, "packed");
try {
  const lengths = await readLengths(input);
  console.log(`${lengths.length} sequences, the longest has ${Math.max(...lengths)} tokens`);

  // A pack holds 2048 tokens. Without a policy the first longer document is named.
  const options = { input, output, format: "parquet", capacity: 2048 };
  await packDataset(options).catch((error) => {
    if (!(error instanceof StowageError)) throw error;
    console.log(`${error.code}: sequence ${error.index} has ${error.length} tokens`);
  });

  const report = await packDataset({
    ...options,
    overlong: "split",
    signal: AbortSignal.timeout(60_000),
    onProgress: ({ stage, done, total }) => console.log(`${stage}: ${done} of ${total}`),
  });
  const { tokensIn, tokensPacked, tokensTruncated, tokensDropped } = report;
  console.log(`${report.packCount} packs in ${report.files.length} file`);
  console.log(
    `${tokensIn} tokens = ${tokensPacked} packed + ${tokensTruncated} truncated + ${tokensDropped} dropped`,
  );

  await verifyDataset(output, { input });
  console.log("every token stands where it should");
} finally {
  rmSync(folder, { recursive: true });
}
