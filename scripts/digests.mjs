// Digests of what every format is written as, on the bundled data and on random sources: run it
// before and after a change that must not change outputs, and compare.
//   node scripts/digests.mjs [SOURCES = 20] > before.txt
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { packDataset, verifyDataset } = createRequire(import.meta.url)(root);
const formats = createRequire(import.meta.url)(join(root, "native.js")).formats();
const sources = Number(process.argv[2] ?? 20);
const work = mkdtempSync(join(tmpdir(), "stowage-digests-"));

/** Numbers below `below`, the same for the same seed (a linear congruence, Knuth's MMIX). */
function* numbers(seed) {
  let state = BigInt(seed);
  for (;;) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    yield Number(state >> 33n);
  }
}

/** Sequences with labels and a loss mask, as JSON lines. */
function source(seed) {
  const random = numbers(seed);
  const below = (most) => random.next().value % most;
  const rows = Array.from({ length: 1 + below(400) }, () => {
    const input_ids = Array.from({ length: below(60) }, () => below(seed % 2 ? 300 : 200_000));
    const labels = input_ids.map((id) => (below(4) === 0 ? -100 : id));
    return JSON.stringify({ input_ids, labels, loss_mask: input_ids.map(() => below(2)) });
  });
  const path = join(work, `source-${seed}.jsonl`);
  writeFileSync(path, `${rows.join("\n")}\n`);
  return path;
}

function files(folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? files(path) : [path];
    });
}

async function digest(name, input, format, options) {
  const output = join(work, `out-${format}`);
  rmSync(output, { recursive: true, force: true });
  const whole = ["megatron", "seqpack"].includes(format);
  const all = {
    ...{ input, output, format, empty: "drop", overlong: whole ? "drop" : "split" },
    ...(format === "megatron" ? { eosTokenId: 0, capacity: options.capacity + 1 } : {}),
    ...options,
  };
  const { columns } = all;
  await packDataset(all);
  const { time: _, ...proved } = await verifyDataset(
    output,
    columns ? { input, columns } : { input },
  );
  const hash = createHash("sha256").update(JSON.stringify(proved));
  for (const path of files(output)) hash.update(relative(output, path)).update(readFileSync(path));
  console.log(`${hash.digest("hex").slice(0, 32)} ${name} ${format} ${JSON.stringify(options)}`);
}

try {
  for (const format of formats)
    await digest("bundled", join(root, "examples/data/python-docs.jsonl"), format, {
      capacity: 2048,
    });
  for (let seed = 1; seed <= sources; seed++) {
    const input = source(seed);
    for (const format of formats) {
      const capacity = 40 + (seed % 3) * 30;
      const columns = { ignore: ["labels", "loss_mask"] };
      await digest(seed, input, format, { capacity, columns, threads: 1 + (seed % 3), seed });
      if (!["megatron", "seqpack"].includes(format)) {
        const columns = { labels: "labels", lossMask: "loss_mask" };
        await digest(seed, input, format, { capacity, columns, strategy: "best-fit" });
      }
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
