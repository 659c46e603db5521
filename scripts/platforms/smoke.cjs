// What a platform's binary must do, run by that platform's Node in a folder that holds
// node_modules/stowage and source.jsonl: `node smoke.cjs RESULT` writes what it saw as JSON. It writes to a
// file because some emulators have no pipes, and starts no process because some can't.
//
// Figures here are the platform's own; plans and outputs must be equal everywhere, to the byte.
const { createHash } = require("node:crypto");
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const s = require("stowage");

const formats = require(join(__dirname, "node_modules/stowage/native.js")).formats();
const digest = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(typeof part === "string" ? part : Buffer.from(part.buffer));
  return hash.digest("hex").slice(0, 32);
};

/** Lengths from 1 to `most`, mostly short, the same for the same seed (Knuth's MMIX generator). */
function lengths(count, most, seed) {
  let state = BigInt(seed);
  const next = () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 40n) / 2 ** 24;
  };
  return Uint32Array.from({ length: count }, () => 1 + Math.floor(most * next() * next()));
}

/** Sources of lengths, each with its capacities. */
async function sources() {
  const bundled = await s.readLengths("source.jsonl");
  const fitting = bundled.filter((length) => length > 0 && length <= 2048);
  return [
    ["bundled", fitting, [2048, 8192]],
    ["seed 1", lengths(20_000, 4096, 1), [4096, 5000]],
    ["seed 2", lengths(300, 700, 2), [1000]],
    ["seed 3", lengths(5_000, 90_000, 3), [100_000]],
  ];
}

/** A digest per plan: templates, multiplicities, bound and certificate. */
async function plans() {
  const found = {};
  for (const [name, all, capacities] of await sources()) {
    const histogram = s.LengthHistogram.from(all);
    for (const capacity of capacities) {
      for (const strategy of ["auto", "optimal"]) {
        // A sixteenth of the usual work: under emulation, search takes ten times as long.
        const effort = strategy === "auto" ? 1 : 1 / 16;
        const plan = s.planSync(histogram, { capacity, strategy, effort });
        plan.verify(histogram);
        found[`${name} ${capacity} ${strategy}`] = digest(JSON.stringify(plan));
      }
    }
  }
  return found;
}

/** A digest per strategy: which sequences are in which pack. */
function packings() {
  const all = lengths(50_000, 2048, 4);
  const made = s.strategies().map(({ name }) => {
    const packing = s.packSync(all, { capacity: 2048, strategy: name, seed: 7, effort: 1 / 16 });
    return [name, digest(packing.sequences, packing.offsets)];
  });
  return Object.fromEntries(made);
}

/** An abort stops a job and rejects with its reason. */
async function abort() {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { signal } = controller;
  // Long enough on any machine: four million sequences, one after another.
  const all = new Uint32Array(4_000_000);
  const part = lengths(50_000, 2048, 5);
  for (let from = 0; from < all.length; from += part.length) all.set(part, from);
  const job = s.pack(all, { capacity: 2048, strategy: "first-fit", signal });
  setTimeout(() => controller.abort(reason), 1);
  const ended = await job.then(
    () => "finished",
    (error) => (error === reason ? "aborted" : String(error)),
  );
  if (ended !== "aborted") throw new Error(`a job that was to be stopped: ${ended}`);
}

async function outputs() {
  const input = "source.jsonl";
  const proved = {};
  for (const format of formats) {
    const whole = ["megatron", "seqpack"].includes(format);
    const output = join("outputs", format);
    await s.packDataset({
      ...{ input, output, format, capacity: format === "megatron" ? 2049 : 2048, empty: "drop" },
      ...{ overlong: whole ? "drop" : "split", seed: 7 },
      ...(format === "megatron" ? { eosTokenId: 0 } : {}),
    });
    const { time: _, output: __, ...report } = await s.verifyDataset(output, { input });
    proved[format] = digest(JSON.stringify(report));
  }
  return proved;
}

/** Rows as training sees them, with packs of all lengths up to the capacity. */
function rows() {
  const all = lengths(500, 64, 6);
  const offsets = Int32Array.from([0, ...all]);
  for (let i = 1; i < offsets.length; i++) offsets[i] += offsets[i - 1];
  const values = Int32Array.from({ length: offsets.at(-1) }, (_, i) => (i * 2_654_435_761) >>> 8);
  const made = s.collate(s.packSync(all, { capacity: 64 }), { values, offsets });
  const arrays = Object.values(made).filter((value) => ArrayBuffer.isView(value));
  return digest(...arrays);
}

(async () => {
  await abort();
  const { target, native, threads } = s.version;
  const equal = {
    plans: await plans(),
    packings: packings(),
    rows: rows(),
    proved: await outputs(),
  };
  const node = process.version;
  writeFileSync(process.argv[2], JSON.stringify({ target, native, node, threads, equal }, null, 1));
})().catch((error) => {
  writeFileSync(process.argv[2], JSON.stringify({ error: error.stack }));
  process.exitCode = 1;
});
