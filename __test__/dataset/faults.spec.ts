import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import test from "ava";
import {
  type ErrorCode,
  packDataset,
  readLengths,
  type StowageError,
  verifyDataset,
} from "../../index.js";
import {
  abc,
  caught,
  folder,
  job,
  readManifest,
  readPacks,
  writeArrow,
} from "../fixtures/dataset-files.js";

test("faults of sources name file and row and leave nothing", async (t) => {
  const at = folder();
  const input = join(at, "s.jsonl");
  const cases: [string, string, number | undefined, RegExp][] = [
    ['{"input_ids":[1]}\n{"input_ids":[1,', "ERR_FORMAT", 1, /JSON/],
    ['{"input_ids":[1]}\n{"ids":[1]}', "ERR_COLUMN", 1, /found: ids/],
    ['{"input_ids":[1,null]}', "ERR_COLUMN", 0, /a null at position 1/],
    ['{"input_ids":[-5]}', "ERR_COLUMN", 0, /-5 at position 0/],
    ['{"input_ids":[2147483648]}', "ERR_COLUMN", 0, /2147483648/],
  ];
  for (const [text, code, row, message] of cases) {
    writeFileSync(input, text);
    const error = await caught(
      packDataset({ input, output: join(at, "out"), format: "parquet", capacity: 8 }),
    );
    t.like(error, { code: code as ErrorCode, row, path: input });
    t.regex(error.message, message);
    t.deepEqual(readdirSync(at), ["s.jsonl"]);
  }
  const labels = {
    input,
    output: join(at, "out"),
    format: "arrow",
    capacity: 8,
    columns: { labels: "labels" },
  } as const;
  writeFileSync(input, '{"input_ids":[1,2],"labels":[1]}');
  t.like(await caught(packDataset(labels)), { code: "ERR_COLUMN", row: 0 });
  writeFileSync(input, '{"input_ids":[1,2],"labels":[1,-1]}');
  t.like(await caught(packDataset(labels)), { code: "ERR_COLUMN", row: 0 });
  t.like(await caught(readLengths(join(at, "missing"))), {
    code: "ERR_IO",
    path: join(at, "missing"),
  });
});

test("cut and altered files are ERR_FORMAT with their path, never a crash", async (t) => {
  for (const format of ["parquet", "arrow"] as const) {
    const given = job(
      Array.from({ length: 50 }, (_, k) => [k, k + 1]),
      { format },
    );
    const { files } = await packDataset(given);
    const path = join(given.output, files[0]!.path);
    const bytes = readFileSync(path);
    for (let end = 0; end < bytes.length; end += 37) {
      writeFileSync(path, bytes.subarray(0, end));
      t.like(await caught(readLengths(path)), { code: "ERR_FORMAT", path }, `${end} bytes`);
    }
    t.like(await caught(verifyDataset(given.output)), { code: "ERR_FORMAT", path });
  }
});

test("verifying names the first broken promise with its file and row", async (t) => {
  const given = job(abc, { capacity: 5, order: "plan" });
  await packDataset(given);
  const path = join(given.output, "data-00000-of-00001.arrow");
  const rows = readPacks(given.output);
  type Change = (rows: { [column: string]: number[] }[]) => void;
  const broken = async (change: Change, input = true): Promise<StowageError> => {
    const changed = structuredClone(rows);
    change(changed);
    const column = (name: string) => ({ rows: changed.map((row) => row[name]!) });
    const ids = changed.map((row) => row.sequence_ids!.map(BigInt)) as unknown as number[][];
    writeArrow(path, {
      input_ids: column("input_ids"),
      seq_lengths: column("seq_lengths"),
      sequence_ids: { rows: ids, type: new arrow.Int64() },
    });
    const manifest = readManifest(given.output);
    const files = [
      {
        ...(manifest.files as object[])[0],
        rows: changed.length,
        bytes: readFileSync(path).length,
      },
    ];
    writeFileSync(
      join(given.output, "_stowage.json"),
      JSON.stringify({ ...manifest, files, packCount: changed.length }),
    );
    return caught(
      verifyDataset(given.output, { ...(input && { input: given.input }), digests: false }),
    );
  };
  const last = rows.length - 1;
  const cases: [Change, number | undefined, RegExp][] = [
    [
      (r) => {
        r[last]!.input_ids![0]! += 1;
      },
      last,
      /token 0 of sequence/,
    ],
    [
      (r) => {
        r[last]!.seq_lengths![0]! += 1;
      },
      last,
      /seq_lengths add up to/,
    ],
    [
      (r) => {
        r[last]!.sequence_ids![0] = 99;
      },
      last,
      /sequence 99 does not exist/,
    ],
    [
      (r) => {
        r.push(structuredClone(r[0]!));
      },
      rows.length,
      /stands in two packs/,
    ],
    [
      (r) => {
        r[0]!.input_ids!.push(1, 1, 1);
        r[0]!.seq_lengths![0]! += 3;
      },
      0,
      /in a pack of capacity 5/,
    ],
    [
      (r) => {
        r[0] = { input_ids: [], seq_lengths: [], sequence_ids: [] };
      },
      0,
      /no sequence/,
    ],
    [
      (r) => {
        r[0]!.seq_lengths!.push(0);
        r[0]!.sequence_ids!.push(1);
      },
      0,
      /length 0/,
    ],
    [
      (r) => {
        r.pop();
      },
      undefined,
      /stands in no pack|packs; the manifest/,
    ],
  ];
  for (const [change, row, message] of cases) {
    const error = await broken(change);
    t.is(error.code, "ERR_INVALID_PACKING", error.message);
    t.regex(error.message, message);
    if (row !== undefined) t.like(error, { row, path });
  }
  t.regex(
    (
      await broken((r) => {
        r.pop();
      }, false)
    ).message,
    /stand in no pack|at least/,
  );
  await t.throwsAsync(
    broken(() => {}),
    { message: /expected to fail/ },
    "what is whole is proved",
  );
});

test("options that can't be met are refused before anything is read", async (t) => {
  const good = { input: "nowhere", output: join(folder(), "out"), format: "arrow", capacity: 8 };
  const cases: [object, string, RegExp][] = [
    [{ capacity: 0 }, "ERR_CAPACITY", /capacity/],
    [{ strategy: "best", capacity: 8 }, "ERR_STRATEGY", /best-fit/],
    [{ input: [] }, "ERR_OPTION", /input/],
    [{ input: [3] }, "ERR_COLUMN", /row 0 of `input`/],
    [{ output: "" }, "ERR_OPTION", /output/],
    [{ format: "parqet" }, "ERR_OPTION", /'parquet', 'arrow'.*did you mean 'parquet'/],
    [{ format: undefined }, "ERR_OPTION", /format/],
    [{ compression: "snappy" }, "ERR_OPTION", /parquet/],
    [{ format: "parquet", compression: "gzip" }, "ERR_OPTION", /zstd/],
    [{ columns: { token: "x" } }, "ERR_OPTION", /did you mean 'tokens'/],
    [{ columns: { lengths: "x" } }, "ERR_OPTION", /seqpack/],
    [{ columns: { carry: "x" } }, "ERR_OPTION", /array/],
    [{ padTokenId: -1 }, "ERR_OPTION", /padTokenId/],
    [{ eosTokenId: 2 ** 31 }, "ERR_OPTION", /eosTokenId/],
    [{ vocabSize: 9 }, "ERR_OPTION", /megatron/],
    [{ shardSize: 0 }, "ERR_OPTION", /shardSize/],
    [{ epoch: -1 }, "ERR_OPTION", /epoch/],
    [{ epoch: 1, strategy: "next-fit" }, "ERR_OPTION", /no plan/],
    [{ order: "random" }, "ERR_OPTION", /shuffled/],
    [{ order: "balanced" }, "ERR_OPTION", /worldSize/],
    [{ overwrite: 1 }, "ERR_OPTION", /overwrite/],
    [{ outptu: "x" }, "ERR_OPTION", /did you mean 'output'/],
    [{ threads: 0 }, "ERR_OPTION", /threads/],
  ];
  for (const [change, code, message] of cases) {
    const error = await caught(packDataset({ ...good, ...change } as never));
    t.is(error.code, code as ErrorCode, error.message);
    t.regex(error.message, message);
  }
  t.is((await caught(readLengths("x", { colum: "y" } as never))).code, "ERR_OPTION");
  t.is((await caught(verifyDataset(3 as never))).code, "ERR_OPTION");
});
