// Arrays whose buffers were transferred have no elements: nothing is read from them as if it were
// data, whatever holds them.
import test from "ava";
import {
  blockDiagonalMask,
  collate,
  LengthHistogram,
  LengthIndex,
  type LengthIndexBuffers,
  Packing,
  pack,
  packSync,
  planSync,
  StreamPacker,
  sequenceLengths,
  type TokenColumn,
  unpad,
} from "../../index.js";

type Gone = (view: ArrayBufferView) => void;
const transfer: Gone = ({ buffer }) =>
  void structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });

const lengths = [5, 3, 5, 7, 12];
const options = { capacity: 10, overlong: "split" } as const;
const column = (): TokenColumn => ({
  values: Int32Array.from({ length: 32 }, (_, at) => at),
  offsets: Uint32Array.of(0, 5, 8, 13, 20, 32),
});

test("a packing says that its arrays were transferred, whichever of them", (t) => {
  const uses: Record<string, (packing: Packing) => unknown> = {
    packAt: (packing) => packing.packAt(0),
    packOf: (packing) => packing.packOf(),
    iterate: (packing) => [...packing],
    toArrays: (packing) => packing.toArrays(),
    shuffled: (packing) => packing.shuffled(1),
    verify: (packing) => packing.verify(lengths),
    stats: (packing) => packing.stats(lengths),
    collate: (packing) => collate(packing, column()),
  };
  const arrays: Record<string, (packing: Packing) => ArrayBufferView> = {
    offsets: ({ offsets }) => offsets,
    sequences: ({ sequences }) => sequences,
    starts: ({ pieces }) => pieces?.starts as Uint32Array,
    lengths: ({ pieces }) => pieces?.lengths as Uint32Array,
    dropped: ({ dropped }) => dropped,
  };
  for (const [use, call] of Object.entries(uses)) {
    for (const [name, array] of Object.entries(arrays)) {
      const packing = packSync([...lengths, 0], { ...options, empty: "drop" });
      transfer(array(packing));
      t.throws(() => call(packing), { code: "ERR_INVALID_PACKING", message: /transferred/ }, name);
    }
    t.notThrows(() => call(packSync(lengths, options)), use);
  }
  const packing = packSync(lengths, options);
  const figures = packing.stats();
  transfer(packing.sequences);
  t.is(packing.stats().packCount, figures.packCount, "figures need no array");
});

test("packs that are iterated say so in the middle", (t) => {
  const packing = packSync(lengths, options);
  const packs = packing[Symbol.iterator]();
  packs.next();
  transfer(packing.sequences);
  t.throws(() => packs.next(), { code: "ERR_INVALID_PACKING" });
});

test("an index says that its buffers were transferred, before an epoch and after", (t) => {
  const plan = planSync(LengthHistogram.from(lengths), options);
  const seed = { seed: 1, epoch: 0 };
  for (const name of ["lengths", "starts", "sequences"] as const) {
    const index = new LengthIndex(lengths);
    const epoch = plan.epoch(index, seed);
    t.true(epoch.packAt(0).length > 0);
    const buffers: LengthIndexBuffers = index.buffers();
    transfer(buffers[name]);
    const gone = { code: "ERR_FORMAT", message: /transferred/ };
    t.throws(() => epoch.packAt(0), gone, name);
    t.throws(() => [...epoch], gone, name);
    t.throws(() => epoch.toPacking(), gone, name);
    t.throws(() => epoch.shard({ rank: 0, worldSize: 1 }).packAt(0), gone, name);
    t.throws(() => plan.epoch(index, seed), gone, name);
    t.throws(() => index.buffers({ shared: true }), gone, name);
    t.throws(() => LengthIndex.from(buffers), { code: "ERR_FORMAT" }, name);
    t.is(index.sequenceCount, lengths.length);
  }
});

test("shared buffers of an index can't go, and an index without sequences has none", (t) => {
  const index = new LengthIndex(lengths);
  const before = index.buffers();
  const { sequences } = index.buffers({ shared: true });
  transfer(before.sequences);
  t.is(index.buffers().sequences, sequences);
  t.deepEqual([...new LengthIndex([]).buffers().sequences], []);
});

/** What each function takes, and what it says of arrays that are gone. */
const inputs: Record<string, [code: string, make: () => [ArrayBufferView, () => unknown]]> = {
  packSync: ["ERR_LENGTH", () => once(Uint32Array.of(5), (list) => packSync(list, options))],
  histogram: ["ERR_LENGTH", () => once(Uint16Array.of(5), (list) => LengthHistogram.from(list))],
  index: ["ERR_LENGTH", () => once(Int32Array.of(5), (list) => new LengthIndex(list))],
  wide: ["ERR_LENGTH", () => once(BigInt64Array.of(5n), (list) => packSync(list, options))],
  values: ["ERR_COLUMN", () => ofColumn((tokens) => tokens.values)],
  offsets: ["ERR_COLUMN", () => ofColumn((tokens) => tokens.offsets)],
  lossMask: ["ERR_COLUMN", () => ofMask((mask) => mask.values)],
  maskOffsets: ["ERR_COLUMN", () => ofMask((mask) => mask.offsets)],
  sequenceLengths: [
    "ERR_COLUMN",
    () => once(Int32Array.of(5), (row) => sequenceLengths([row, [1]])),
  ],
  valueOffsets: ["ERR_COLUMN", () => ofVector(({ valueOffsets }) => valueOffsets)],
  nullBitmap: ["ERR_COLUMN", () => ofVector(({ nullBitmap }) => nullBitmap)],
  segmentIds: [
    "ERR_OPTION",
    () => once(Int32Array.of(1, 1), (ids) => blockDiagonalMask(ids, { kind: "boolean" })),
  ],
  unpad: ["ERR_OPTION", () => once(Int32Array.of(1, 1), (mask) => unpad(mask, 2))],
  ids: [
    "ERR_OPTION",
    () => once(Float64Array.of(7), (ids) => new StreamPacker(options).add(ids, [])),
  ],
  streamLengths: [
    "ERR_LENGTH",
    () => once(Uint32Array.of(5), (list) => new StreamPacker(options).add([], list)),
  ],
  snapshot: [
    "ERR_FORMAT",
    () => once(new StreamPacker(options).snapshot(), (bytes) => StreamPacker.restore(bytes)),
  ],
  parts: [
    "ERR_INVALID_PACKING",
    () => {
      const { offsets, sequences } = packSync([5, 3], options);
      return [sequences, () => Packing.from({ capacity: 10, offsets, sequences })];
    },
  ],
};

function once<T extends ArrayBufferView>(view: T, call: (view: T) => unknown) {
  return [view, () => call(view)] as [ArrayBufferView, () => unknown];
}

function ofColumn(part: (tokens: TokenColumn) => ArrayBufferView) {
  const tokens = column();
  const call = (): unknown => collate(packSync(lengths, options), tokens);
  return [part(tokens), call] as [ArrayBufferView, () => unknown];
}

function ofMask(part: (mask: { values: Uint8Array; offsets: Uint32Array }) => ArrayBufferView) {
  const lossMask = { values: new Uint8Array(32), offsets: Uint32Array.of(0, 5, 8, 13, 20, 32) };
  const call = (): unknown => collate(packSync(lengths, options), column(), { lossMask });
  return [part(lossMask), call] as [ArrayBufferView, () => unknown];
}

/** An Arrow vector of two rows. */
function ofVector(
  part: (chunk: { valueOffsets: Int32Array; nullBitmap: Uint8Array }) => ArrayBufferView,
) {
  const chunk = {
    ...{ typeId: 12, length: 2, offset: 0, children: [{ length: 5 }] },
    valueOffsets: Int32Array.of(0, 3, 5),
    nullBitmap: Uint8Array.of(0b01),
  };
  const call = (): unknown => sequenceLengths({ data: [chunk], length: 2 });
  return [part(chunk), call] as [ArrayBufferView, () => unknown];
}

test("every function names the array that is gone instead of reading nothing", (t) => {
  for (const [name, [code, make]] of Object.entries(inputs)) {
    const [view, call] = make();
    if (name !== "ids" && name !== "streamLengths") t.notThrows(call, name);
    transfer(view);
    t.throws(call, { code, message: /transferred/ }, name);
  }
});

test("a job has its copy, so that its array may go", async (t) => {
  const list = Uint32Array.from(lengths);
  const job = pack(list, options);
  transfer(list);
  t.deepEqual((await job).toArrays(), packSync(lengths, options).toArrays());
});

test("vectors whose parts don't fit each other are refused", (t) => {
  const chunk = { typeId: 12, length: 2, offset: 0, children: [{ length: 5 }] };
  const valueOffsets = Int32Array.of(0, 3, 5);
  const vector = (more: object, length = 2): unknown =>
    sequenceLengths({ data: [{ ...chunk, valueOffsets, ...more }], length });
  t.deepEqual(vector({}), Uint32Array.of(3, 2));
  t.deepEqual(vector({ nullBitmap: new Uint8Array(0) }), Uint32Array.of(3, 2));
  t.throws(() => vector({ length: 3 }, 3), { code: "ERR_COLUMN", message: /3 value offsets/ });
  t.throws(() => vector({}, 5), { code: "ERR_COLUMN", message: /2 rows, the vector says 5/ });
  const short = { nullBitmap: Uint8Array.of(255), offset: 7 };
  t.throws(() => vector(short), { code: "ERR_COLUMN", message: /8 validity bits/ });
});
