// Options are what a caller wrote: nothing is read from Object.prototype, where other libraries, and
// attackers by way of them, put things.
import test from "ava";
import {
  blockDiagonalMask,
  collate,
  LengthHistogram,
  LengthIndex,
  Packing,
  Plan,
  pack,
  packDataset,
  packStream,
  packSync,
  plan,
  planSync,
  readLengths,
  StreamPacker,
  sequenceLengths,
  verifyDataset,
  verifyPlan,
} from "../../index.js";

/** What each option would be if it were read, all of them allowed values that change results. */
const hostile: Record<string, unknown> = {
  strategy: "next-fit",
  maxSequencesPerPack: 1,
  sequenceAlignment: 4,
  packCountMultipleOf: 3,
  packCount: 6,
  overlong: "drop",
  empty: "drop",
  seed: 7,
  tolerance: 3,
  harmonicClasses: 2,
  effort: 0,
  objective: "maxLoad",
  equalCounts: true,
  maxLoad: 3,
  minLoad: 2,
  loadBound: 1,
  loads: {},
  counted: true,
  loadCertificate: {},
  stopped: "spent",
  lookahead: 0,
  maxOpenPacks: 1,
  order: "plan",
  cost: { linear: 1, quadratic: 0 },
  dropLast: true,
  shared: true,
  packs: { start: 1, end: 2 },
  layout: "flat",
  padTokenId: 9,
  width: 64,
  padToMultipleOf: 32,
  paddingSegment: true,
  labels: "shifted",
  attentionMask: false,
  reuse: {},
  inputIds: new Int32Array(40),
  causal: false,
  pieces: { starts: new Uint32Array(9), lengths: new Uint32Array(9) },
  starts: new Uint32Array(6),
  dropped: Uint32Array.of(3),
  lowerBound: 1,
  tokenCount: 12,
  parameter: 3,
  sequenceCount: 40,
  signal: AbortSignal.abort(new Error("read from Object.prototype")),
  onProgress: () => {
    throw new Error("read from Object.prototype");
  },
  threads: 0,
  column: "labels",
  columns: { tokens: "labels" },
  input: "nowhere.jsonl",
  eosTokenId: 3,
  vocabSize: 10,
  shardSize: 1,
  compression: "none",
  epoch: 3,
  worldSize: 2,
  overwrite: true,
  digests: false,
  planId: "read from Object.prototype",
  packCountAsked: 6,
  splitSequences: 6,
  stage: "write",
  gap: 3,
  index: 17,
};

const lengths = [9, 5, 3, 5, 7, 1];
const histogram = LengthHistogram.from(lengths);
const tokens = {
  values: Int32Array.from({ length: 30 }, (_, at) => at),
  offsets: Int32Array.of(0, 9, 14, 17, 22, 29, 30),
};

/** One call of every function that takes options, as plain data; refusals by code and numbers. */
const calls: Record<string, () => unknown> = {
  packSync: () => data(packSync(lengths, { capacity: 10 })),
  pack: async () => data(await pack(lengths, { capacity: 10 })),
  overlong: () => packSync(lengths, { capacity: 8 }),
  planSync: () => planSync(histogram, { capacity: 10 }).toJSON(),
  plan: async () => (await plan(histogram, { capacity: 10 })).toJSON(),
  fromJSON: () => Plan.fromJSON(planSync(histogram, { capacity: 10 }).toJSON()).toJSON(),
  verifyPlan: () => verifyPlan(planSync(histogram, { capacity: 10 }), histogram),
  emptyHistogram: () => LengthHistogram.fromJSON({}),
  balance: () => planSync(histogram, { capacity: 10 }).balance({ worldSize: 1 }),
  epoch: () => [...epoch()].map((pack) => [...pack]),
  shard: () => epoch().shard({ rank: 0, worldSize: 3 }),
  buffers: () => new LengthIndex(lengths).buffers().lengths.buffer.constructor.name,
  from: () => {
    const { offsets, sequences } = packSync(lengths, { capacity: 10 });
    return data(Packing.from({ capacity: 10, offsets, sequences }));
  },
  verify: () => {
    const { offsets, sequences } = packSync(lengths, { capacity: 10 });
    return Packing.from({ capacity: 10, offsets, sequences }).verify(lengths);
  },
  collate: () => collate(packSync(sequenceLengths(tokens), { capacity: 10 }), tokens),
  reuse: () => {
    const packing = packSync(lengths, { capacity: 10 });
    const { inputIds } = collate(packing, tokens, { reuse: {} });
    return inputIds.buffer === (hostile.inputIds as Int32Array).buffer;
  },
  blockDiagonalMask: () => blockDiagonalMask([1, 1, 2], { kind: "boolean" }),
  StreamPacker: () => {
    const packer = new StreamPacker({ capacity: 10 });
    return [packer.add([0, 1, 2, 3, 4, 5], lengths), packer.finish()];
  },
  packStream: async () => {
    const packs = [];
    const options = { capacity: 10, length: (length: number) => length };
    for await (const pack of packStream(lengths, options)) packs.push(pack);
    return packs;
  },
  readLengths: () => readLengths("nowhere.npy"),
  packDataset: () =>
    packDataset({ input: "nowhere.npy", output: "out", format: "arrow", capacity: 10 }),
  verifyDataset: () => verifyDataset("nowhere"),
};

function epoch() {
  const index = new LengthIndex(lengths);
  return planSync(histogram, { capacity: 10 }).epoch(index, { seed: 1, epoch: 0 });
}

function data(packing: Packing) {
  const { time: _, ...figures } = packing.stats(lengths);
  return { ...packing, ...figures };
}

async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return JSON.stringify(await call());
  } catch (error) {
    return { ...(error as Error), message: (error as Error).message };
  }
}

test.serial("nothing that Object.prototype holds is obeyed, in any call", async (t) => {
  const usual = new Map<string, unknown>();
  for (const [name, call] of Object.entries(calls)) usual.set(name, await outcome(call));
  const before = Object.getOwnPropertyNames(Object.prototype);
  // Read by ava, the signal, the loader: they get it while the calls run and no longer.
  const polluted = async (call: () => unknown): Promise<unknown> => {
    for (const [name, value] of Object.entries(hostile))
      Object.defineProperty(Object.prototype, name, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    try {
      return await outcome(call);
    } finally {
      for (const name of Object.keys(hostile)) delete (Object.prototype as Given)[name];
    }
  };
  for (const [name, call] of Object.entries(calls))
    t.deepEqual(await polluted(call), usual.get(name), name);
  t.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
});

type Given = Record<string, unknown>;

test("options that a class inherits are none", (t) => {
  class Defaults {
    get overlong(): string {
      return "drop";
    }
  }
  const options = Object.assign(new Defaults(), { capacity: 8 });
  t.throws(() => packSync([9], options as { capacity: number }), { code: "ERR_OVERLONG" });
});
