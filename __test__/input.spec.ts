// Every row of the table of bad input: what is refused, with which code and numbers, and what is
// accepted although it looks odd. Each case runs through packSync, which throws, and pack, which
// rejects.
import { createContext, runInContext } from "node:vm";
import test from "ava";
import {
  LengthHistogram,
  Packing,
  type PackOptions,
  Plan,
  pack,
  packSync,
  planSync,
  StowageError,
} from "../index.js";

type Expected = { code: string; index?: number; length?: number; capacity?: number };

/** Refused alike by both forms, with these fields and a message that matches. */
function refused(
  name: string,
  lengths: () => unknown,
  options: unknown,
  expected: Expected,
  message = /./,
): void {
  test(`${name} is ${expected.code}`, async (t) => {
    const all = options as PackOptions;
    const sync = t.throws(() => packSync(lengths() as number[], all), { instanceOf: StowageError });
    const job = t.throwsAsync(pack(lengths() as number[], all), { instanceOf: StowageError });
    for (const error of [sync, await job]) {
      const { code, index, length, capacity } = error;
      const fields = { code, index, length, capacity };
      t.deepEqual(fields, {
        index: undefined,
        length: undefined,
        capacity: undefined,
        ...expected,
      });
      t.regex(error.message, message);
    }
  });
}

/** Accepted by both forms, with these packs. */
function accepted(
  name: string,
  lengths: () => unknown,
  options: PackOptions,
  packs: number[][],
  dropped: number[] = [],
): void {
  test(`${name} is accepted`, async (t) => {
    for (const packing of [
      packSync(lengths() as number[], options),
      await pack(lengths() as number[], options),
    ]) {
      t.deepEqual(packing.toArrays(), packs);
      t.deepEqual([...packing.dropped], dropped);
    }
  });
}

const length = (index?: number, value?: number): Expected => ({
  code: "ERR_LENGTH",
  ...(index === undefined ? {} : { index }),
  ...(value === undefined ? {} : { length: value }),
});
const option = { code: "ERR_OPTION" };
const ten = { capacity: 10 };

// ── lengths: the container ──

for (const [name, value, message] of [
  ["undefined", undefined, /`lengths` must be an array of integers, got undefined/],
  ["null", null, /got null/],
  ["a number", 5, /got 5/],
  ["a string", "5 3", /got '5 3'/],
  ["a function", () => [5], /got a function/],
  ["a promise", Promise.resolve([5]), /got a Promise; await it/],
  ["a plain object", { a: 5 }, /got an object; use Uint32Array\.from/],
  ["an array-like object", { length: 1, 0: 5 }, /Uint32Array\.from/],
  ["a Set", new Set([5]), /got a Set; use Uint32Array\.from/],
  ["a Map", new Map([[5, 1]]), /got a Map; use Uint32Array\.from/],
  ["an iterator", [5].values(), /Iterator; use Uint32Array\.from/],
  [
    "a Float64Array",
    Float64Array.of(5),
    /Float64Array, but lengths are integers; use Uint32Array\.from/,
  ],
  ["a Float32Array", Float32Array.of(5), /Float32Array/],
  [
    "a Buffer",
    Buffer.from([5, 0, 0, 0]),
    /bytes, not lengths; .*new Uint32Array\(lengths\.buffer, lengths\.byteOffset, lengths\.byteLength \/ 4\)/,
  ],
  ["a Uint8Array", Uint8Array.of(5), /Uint8Array, which holds bytes/],
  ["a Uint8ClampedArray", Uint8ClampedArray.of(5), /holds bytes/],
  ["an Int8Array", Int8Array.of(5), /an Int8Array, which holds bytes/],
  ["an Int16Array", Int16Array.of(5), /holds bytes/],
  [
    "a DataView",
    new DataView(new ArrayBuffer(4)),
    /a DataView, which holds bytes.*new Uint32Array/,
  ],
  [
    "an ArrayBuffer",
    new ArrayBuffer(4),
    /an ArrayBuffer, which holds bytes.*new Uint32Array\(lengths\)/,
  ],
  ["a SharedArrayBuffer", new SharedArrayBuffer(4), /a SharedArrayBuffer, which holds bytes/],
] as const) {
  refused(`lengths as ${name}`, () => value, ten, length(), message);
}

accepted("a Uint32Array", () => Uint32Array.of(5, 5), ten, [[0, 1]]);
accepted("a Uint16Array", () => Uint16Array.of(5, 5), ten, [[0, 1]]);
accepted("an Int32Array", () => Int32Array.of(5, 5), ten, [[0, 1]]);
accepted("a subarray with an offset", () => Uint32Array.of(99, 5, 5, 99).subarray(1, 3), ten, [
  [0, 1],
]);
accepted("a BigUint64Array", () => BigUint64Array.of(5n, 5n), ten, [[0, 1]]);
accepted("a BigInt64Array", () => BigInt64Array.of(99n, 5n, 5n).subarray(1), ten, [[0, 1]]);
accepted(
  "an array on a SharedArrayBuffer",
  () => {
    const shared = new Uint32Array(new SharedArrayBuffer(8));
    shared.set([5, 5]);
    return shared;
  },
  ten,
  [[0, 1]],
);
accepted(
  "a 64-bit array on a SharedArrayBuffer",
  () => {
    const shared = new BigInt64Array(new SharedArrayBuffer(16));
    shared.set([5n, 5n]);
    return shared;
  },
  ten,
  [[0, 1]],
);
accepted(
  "an array on a resizable buffer",
  () => {
    const lengths = new Uint32Array(
      new (ArrayBuffer as unknown as Resizable)(8, { maxByteLength: 64 }),
    );
    lengths.set([5, 5]);
    return lengths;
  },
  ten,
  [[0, 1]],
);
accepted(
  "a view pushed out of bounds by a resize, as no sequences",
  () => {
    const buffer = new (ArrayBuffer as unknown as Resizable)(64, { maxByteLength: 64 });
    const lengths = new Uint32Array(buffer, 32, 4).fill(5);
    buffer.resize(8);
    return lengths;
  },
  ten,
  [],
);
accepted("an empty array", () => [], ten, []);
accepted("an empty typed array", () => new Uint32Array(0), ten, []);

interface Resizable {
  new (
    length: number,
    options: { maxByteLength: number },
  ): ArrayBuffer & { resize(length: number): void };
}

const realm = createContext({});
accepted("a typed array of another realm", () => runInContext("Uint32Array.of(5, 5)", realm), ten, [
  [0, 1],
]);
accepted(
  "a 64-bit array of another realm",
  () => runInContext("BigInt64Array.of(5n, 5n)", realm),
  ten,
  [[0, 1]],
);
accepted("a plain array of another realm", () => runInContext("[5, 5n]", realm), ten, [[0, 1]]);
refused(
  "a byte array of another realm",
  () => runInContext("Uint8Array.of(5)", realm),
  ten,
  length(),
  /holds bytes/,
);

refused(
  "an array whose buffer was transferred",
  () => {
    const lengths = Uint32Array.of(5);
    structuredClone(lengths, { transfer: [lengths.buffer] });
    return lengths;
  },
  ten,
  length(),
  /its buffer was transferred/,
);

test("lying about the class of a typed array changes nothing", (t) => {
  const bytes = Object.defineProperty(Uint8Array.of(5), Symbol.toStringTag, {
    value: "Uint32Array",
  });
  t.throws(() => packSync(bytes as unknown as Uint32Array, ten), { code: "ERR_LENGTH" });
});

// ── lengths: the elements ──

refused(
  "a negative length in an Int32Array",
  () => Int32Array.of(5, -1),
  ten,
  length(1, -1),
  /lengths\[1\].*got -1/,
);
refused("the least negative length", () => Int32Array.of(-(2 ** 31)), ten, length(0, -(2 ** 31)));
refused(
  "2^32 in a BigUint64Array",
  () => BigUint64Array.of(5n, 2n ** 32n),
  ten,
  length(1, 2 ** 32),
  /4294967296n/,
);
refused(
  "2^63 in a BigUint64Array",
  () => BigUint64Array.of(2n ** 63n),
  ten,
  length(0),
  /9223372036854775808n/,
);
refused(
  "a negative length in a BigInt64Array",
  () => BigInt64Array.of(-1n),
  ten,
  length(0, -1),
  /-1n/,
);
refused("NaN", () => [5, Number.NaN], ten, length(1), /got NaN/);
refused("Infinity", () => [5, Number.POSITIVE_INFINITY], ten, length(1), /got Infinity/);
refused("a fraction", () => [2.5], ten, length(0), /got 2\.5/);
refused("a negative number", () => [-3], ten, length(0, -3), /got -3/);
refused("-0, which is 0,", () => [-0], ten, { code: "ERR_EMPTY_SEQUENCE", index: 0, length: 0 });
refused("2^32", () => [2 ** 32], ten, length(0, 2 ** 32), /2\^32 - 1/);
refused("2^53", () => [2 ** 53], ten, length(0), /got 9007199254740992/);
refused(
  "2^32 - 1 at the largest capacity",
  () => [2 ** 32 - 1],
  { capacity: 2 ** 31 - 1 },
  {
    code: "ERR_OVERLONG",
    index: 0,
    length: 2 ** 32 - 1,
    capacity: 2 ** 31 - 1,
  },
);
refused(
  "an empty sequence",
  () => [7, 0],
  ten,
  { code: "ERR_EMPTY_SEQUENCE", index: 1, length: 0 },
  /sequence 1 has no tokens.*'drop'/,
);
accepted(
  "an empty sequence to be dropped",
  () => [7, 0],
  { capacity: 10, empty: "drop" },
  [[0]],
  [1],
);
for (const [value, message] of [
  ["7", /got '7' \(a string\)/],
  [null, /got null/],
  [true, /got true \(a boolean\)/],
  [undefined, /got undefined/],
  [[3], /these are sequences, not lengths; sequenceLengths/],
  [Uint32Array.of(3), /these are sequences/],
  [{}, /got an object/],
  [Symbol("5"), /Symbol/],
] as const) {
  refused(
    `${typeof value} ${Array.isArray(value) ? "[3]" : String(value)} as a length`,
    () => [5, value],
    ten,
    length(1),
    message,
  );
}
refused(
  "an array of token arrays",
  () => [[1, 2], [3]],
  ten,
  length(0),
  /sequenceLengths\(lengths\)/,
);
accepted("bigints in a plain array", () => [5n, 5], ten, [[0, 1]]);
refused("a negative bigint in a plain array", () => [-5n], ten, length(0, -5));
// biome-ignore lint/suspicious/noSparseArray: the case at hand
refused("a hole", () => [3, , 4], ten, length(1), /lengths\[1\] is a hole/);
refused(
  "an array with nothing but holes",
  () => new Array(4_000_000_000),
  ten,
  length(0),
  /lengths\[0\] is a hole/,
);
refused(
  "an array that shrinks while it is read",
  () => {
    const lengths = [5, 5, 5];
    Object.defineProperty(lengths, 0, {
      get: () => {
        lengths.length = 1;
        return 5;
      },
    });
    return lengths;
  },
  ten,
  length(1),
  /lengths\[1\]/,
);

test("what a getter or a proxy throws comes out unchanged", async (t) => {
  const thrown = new RangeError("from the getter");
  const getter = Object.defineProperty([5, 5], 1, {
    get: () => {
      throw thrown;
    },
  });
  const proxy = new Proxy([5], {
    get: () => {
      throw thrown;
    },
  });
  for (const lengths of [getter, proxy]) {
    t.is(
      t.throws(() => packSync(lengths, ten)),
      thrown,
    );
    t.is(await t.throwsAsync(pack(lengths, ten)), thrown);
  }
});

test("more pieces than indices can name are refused before memory is taken", async (t) => {
  const lengths = new Uint32Array(3).fill(2 ** 32 - 1);
  const options = { capacity: 1, overlong: "split" } as const;
  t.throws(() => packSync(lengths, options), { code: "ERR_TOO_MANY_SEQUENCES" });
  await t.throwsAsync(pack(lengths, options), { code: "ERR_TOO_MANY_SEQUENCES" });
});

accepted("a sequence as long as a pack", () => [10, 3], ten, [[0], [1]]);
refused(
  "a sequence one longer than a pack",
  () => [10, 11],
  ten,
  { code: "ERR_OVERLONG", index: 1, length: 11, capacity: 10 },
  /sequence 1 has 11 tokens, a pack holds 10; set overlong to 'drop', 'truncate' or 'split'/,
);
refused(
  "a sequence whose aligned need exceeds the pack",
  () => [10],
  { capacity: 10, sequenceAlignment: 3 },
  { code: "ERR_OVERLONG", index: 0, length: 10, capacity: 10 },
  /alignment 3/,
);
refused("an empty sequence before an overlong one", () => [0, 11], ten, {
  code: "ERR_EMPTY_SEQUENCE",
  index: 0,
  length: 0,
});
refused("an overlong sequence before an empty one", () => [11, 0], ten, {
  code: "ERR_OVERLONG",
  index: 0,
  length: 11,
  capacity: 10,
});
refused("an empty sequence before a negative one", () => [5, 0, -1], ten, {
  code: "ERR_EMPTY_SEQUENCE",
  index: 1,
  length: 0,
});
refused("an overlong sequence before 2^32", () => BigInt64Array.of(11n, 2n ** 32n), ten, {
  code: "ERR_OVERLONG",
  index: 0,
  length: 11,
  capacity: 10,
});
refused(
  "a negative length before an overlong one",
  () => Int32Array.of(-1, 11),
  ten,
  length(0, -1),
);
refused(
  "a wrong length after one that is dropped",
  () => [0, 11, -1],
  { capacity: 10, empty: "drop", overlong: "drop" },
  length(2, -1),
);

// ── options ──

for (const [name, options, message] of [
  ["missing", undefined, /\{ capacity \}.*got undefined/],
  ["null", null, /got null/],
  ["a number", 2048, /got 2048; write \{ capacity: 2048 \}/],
  ["a string", "2048", /got '2048'/],
  ["an array", [10], /got an array/],
] as const) {
  refused(`options: ${name}`, () => [5], options, option, message);
}
class Settings {
  capacity = 10;
}
accepted("options as a class instance", () => [5], new Settings(), [[0]]);
accepted("inherited options", () => [5], Object.create({ capacity: 10 }), [[0]]);
accepted("options without a prototype", () => [5], Object.assign(Object.create(null), ten), [[0]]);
accepted(
  "an unknown option that is undefined",
  () => [5],
  { capacity: 10, capcity: undefined } as PackOptions,
  [[0]],
);

for (const capacity of [
  undefined,
  null,
  Number.NaN,
  "2048",
  true,
  2048n,
  {},
  0,
  -1,
  1.5,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 53,
]) {
  refused(
    `capacity ${typeof capacity} ${String(capacity)}`,
    () => [5],
    { capacity },
    { code: "ERR_CAPACITY" },
    /integer 1 \.\. 2147483647/,
  );
}
accepted("capacity 1", () => [1, 1], { capacity: 1 }, [[0], [1]]);
accepted("the largest capacity", () => [5, 3, 7], { capacity: 2 ** 31 - 1 }, [[2, 0, 1]]);

for (const strategy of [
  "bestfit",
  "Best-Fit",
  "BF",
  "best_fit",
  "best fit",
  "OBFD",
  "obfdp",
  "MFFD",
  "NextFit",
])
  test(`strategy '${strategy}' is a name`, (t) => {
    const { strategy: name } = packSync([5], { capacity: 10, strategy });
    const expected = {
      b: "best-fit",
      O: "best-fit-decreasing",
      o: "best-fit-decreasing",
      M: "modified-first-fit-decreasing",
      N: "next-fit",
      B: "best-fit",
    };
    t.is<string, string>(name, expected[strategy[0] as "b"]);
  });
const strategyError = { code: "ERR_STRATEGY" };
refused(
  "a misspelt strategy",
  () => [5],
  { capacity: 10, strategy: "best-fit-decr" },
  strategyError,
  /unknown strategy 'best-fit-decr'; did you mean 'best-fit-decreasing'\? strategies are auto, optimal, next-fit/,
);
for (const strategy of ["", 3, null, {}])
  refused(
    `strategy ${JSON.stringify(strategy)}`,
    () => [5],
    { capacity: 10, strategy },
    strategyError,
    /strategies are auto, .*modified-first-fit-decreasing/,
  );

refused(
  "a misspelt option",
  () => [5],
  { capcity: 10 },
  option,
  /unknown option 'capcity'; did you mean 'capacity'\?/,
);
refused(
  "a shortened option",
  () => [5],
  { capacity: 10, maxSequences: 3 },
  option,
  /did you mean 'maxSequencesPerPack'\?/,
);
refused(
  "an option in the wrong case",
  () => [5],
  { capacity: 10, Seed: 3 },
  option,
  /did you mean 'seed'\?/,
);
refused(
  "an option like no other",
  () => [5],
  { capacity: 10, zzz: 3 },
  option,
  /unknown option 'zzz'; known are capacity, strategy/,
);

for (const [name, values, message] of [
  ["maxSequencesPerPack", [0, -1, 1.5, "4", Number.NaN], /integer >= 1/],
  ["sequenceAlignment", [0, 3.5, 11], /integer 1 \.\. 10/],
  ["packCountMultipleOf", [0, -8, 1.5], /integer >= 1/],
  ["packCount", [-1, 1.5, "4"], /integer >= 0/],
  ["overlong", ["trim", true], /one of 'error', 'drop', 'truncate', 'split'/],
  ["empty", ["keep", false], /one of 'error', 'drop'/],
  [
    "seed",
    [-1, 1.5, Number.NaN, 2 ** 53, 2n ** 64n, -1n, "7"],
    /integer 0 \.\. 2\^53 - 1 or a bigint below 2\^64/,
  ],
  ["tolerance", [0, 1.5], /integer >= 1/],
  ["harmonicClasses", [1, 65, 2.5], /integer 2 \.\. 64/],
  ["effort", [-1, Number.NaN, Number.POSITIVE_INFINITY, "1"], /finite number >= 0/],
] as [string, unknown[], RegExp][]) {
  for (const value of values)
    refused(
      `${name} ${typeof value} ${String(value)}`,
      () => [5],
      { capacity: 10, [name]: value },
      option,
      message,
    );
}
accepted("maxSequencesPerPack 1", () => [5, 5], { capacity: 10, maxSequencesPerPack: 1 }, [
  [0],
  [1],
]);
accepted("a seed of 64 bits", () => [5], { capacity: 10, seed: 2n ** 64n - 1n }, [[0]]);
accepted(
  "a seed where nothing is left to chance",
  () => [5],
  { capacity: 10, strategy: "next-fit", seed: 3 },
  [[0]],
);
refused(
  "a tolerance with a strategy that isn't decreasing",
  () => [5],
  { capacity: 10, strategy: "best-fit", tolerance: 2 },
  option,
  /four decreasing strategies/,
);
refused(
  "a tolerance with auto",
  () => [5],
  { capacity: 10, tolerance: 2 },
  option,
  /not with 'auto'/,
);
refused(
  "packCount with a strategy that doesn't plan",
  () => [5],
  { capacity: 10, strategy: "next-fit", packCount: 1 },
  option,
  /needs a strategy that plans/,
);
refused(
  "packCount that is no multiple",
  () => [5],
  { capacity: 10, packCount: 3, packCountMultipleOf: 2 },
  option,
  /3 is no multiple of .* 2/,
);
refused("packCount below the need", () => [10, 10], { capacity: 10, packCount: 1 }, option);
refused(
  "the first fault in the documented order",
  () => null,
  { capacity: 0, strategy: "no", effort: -1 },
  { code: "ERR_CAPACITY" },
);
refused("an unknown option beside a wrong capacity", () => null, { capacity: 0, zzz: 1 }, option);
refused(
  "a wrong option beside wrong lengths",
  () => null,
  { capacity: 10, effort: -1 },
  option,
  /effort/,
);

for (const [key, value] of Object.entries({
  signal: new AbortController().signal,
  onProgress: () => {},
  threads: 2,
}))
  test(`${key} given to packSync is ERR_OPTION`, (t) => {
    const options = { capacity: 10, [key]: value } as PackOptions;
    t.throws(() => packSync([5], options), { code: "ERR_OPTION", message: /use pack\(\)/ });
  });
for (const [key, values] of Object.entries({
  threads: [0, 1.5, 5000, "2"],
  signal: [{}, true, "now", new EventTarget()],
  onProgress: [{}, true],
}))
  for (const value of values)
    test(`${key} ${typeof value} ${String(value)} is ERR_OPTION`, async (t) => {
      const options = { capacity: 10, [key]: value } as PackOptions;
      await t.throwsAsync(pack([5], options), { code: "ERR_OPTION", message: new RegExp(key) });
    });

test("every option is read once", (t) => {
  let reads = 0;
  const options = {
    get capacity() {
      reads++;
      return 10;
    },
  };
  packSync([5], options);
  t.is(reads, 1);
});

test("pack rejects and never throws", async (t) => {
  let promise: Promise<unknown> | undefined;
  t.notThrows(() => {
    promise = pack(null as never, null as never);
  });
  await t.throwsAsync(promise as Promise<unknown>, { code: "ERR_OPTION" });
});

// ── classes ──

test("classes called in the wrong way throw a TypeError of JavaScript and crash nothing", (t) => {
  const call = (f: unknown, self: unknown, ...args: unknown[]): unknown =>
    Reflect.apply(f as () => unknown, self, args);
  for (const f of [Packing, Plan, LengthHistogram])
    t.throws(() => call(f, undefined), { instanceOf: TypeError });
  for (const f of [Packing, Plan])
    t.throws(() => Reflect.construct(f as never, []), { instanceOf: TypeError });
  const stranger = {};
  for (const [prototype, name] of [
    [Packing.prototype, "verify"],
    [Packing.prototype, "stats"],
    [Plan.prototype, "templateAt"],
    [Plan.prototype, "assign"],
    [Plan.prototype, "verify"],
    [LengthHistogram.prototype, "add"],
    [LengthHistogram.prototype, "count"],
  ] as const) {
    const method = Reflect.get(prototype, name) as unknown;
    const error = t.throws(() => call(method, stranger, 0), { any: true } as never) as unknown;
    t.true(error instanceof TypeError || error instanceof StowageError, name);
  }
});

test("packs and templates out of range are ERR_OPTION with the range", (t) => {
  const packing = packSync([5, 6], ten);
  const plan = planSync(LengthHistogram.from([5, 6]), ten);
  for (const k of [-1, 2, 0.5, Number.NaN, "0", undefined])
    for (const call of [() => packing.packAt(k as number), () => plan.templateAt(k as number)])
      t.throws(call, { code: "ERR_OPTION", message: /0 \.\. 1, got/ });
  t.throws(() => packSync([], ten).packAt(0), {
    code: "ERR_OPTION",
    message: /there are no packs/,
  });
});

test("histograms refuse what can't be counted", (t) => {
  const bad: unknown[] = [
    [[-1, 1]],
    [[1.5, 1]],
    [[2 ** 32, 1]],
    [[1, -1]],
    [[1, 0.5]],
    [[1, 2 ** 53]],
    [[1]],
    [5],
    ["55"],
    5,
    null,
    undefined,
    "55",
    {},
  ];
  for (const counts of bad)
    t.throws(() => LengthHistogram.fromCounts(counts as never), { code: "ERR_LENGTH" });
  t.throws(() => LengthHistogram.fromCounts([[5, 2 ** 53 - 1]]), { code: "ERR_LENGTH" });
  t.throws(
    () =>
      LengthHistogram.fromCounts([
        [1, 2 ** 53 - 1],
        [2, 1],
      ]),
    { code: "ERR_LENGTH" },
  );
  const most = LengthHistogram.fromCounts([[0, 2 ** 53 - 1]]);
  t.throws(() => most.add([1]), { code: "ERR_LENGTH" });
  t.is(most.sequenceCount, 2 ** 53 - 1, "nothing has changed");
  for (const json of [
    null,
    5,
    "x",
    [],
    {},
    { version: 2, counts: [] },
    { version: 1 },
    { version: 1, counts: [[1, -1]] },
    { version: 1, counts: [5] },
  ])
    t.throws(() => LengthHistogram.fromJSON(json), { code: "ERR_FORMAT" });
  for (const value of [-1, 0.5, 2 ** 32, "5", undefined])
    t.throws(() => most.count(value as number), { code: "ERR_LENGTH" });
  for (const other of [null, [5], {}, new Map()])
    t.throws(() => most.merge(other as never), { code: "ERR_OPTION" });
});

test("plans refuse what isn't a histogram, and strategies that don't plan", (t) => {
  for (const histogram of [null, [5], Uint32Array.of(5), {}])
    t.throws(() => planSync(histogram as never, ten), {
      code: "ERR_OPTION",
      message: /LengthHistogram/,
    });
  const histogram = LengthHistogram.from([5]);
  for (const strategy of ["nf", "ff", "bf", "wf", "hk", "ffs"])
    t.throws(() => planSync(histogram, { capacity: 10, strategy }), {
      code: "ERR_STRATEGY",
      message: /auto, .*best-fit-decreasing/,
    });
  t.throws(() => planSync(histogram, { capacity: 10, strategy: "bfd", tolerance: 2 }), {
    code: "ERR_OPTION",
    message: /tolerance/,
  });
  const overlong = t.throws(() => planSync(LengthHistogram.from([11]), ten)) as StowageError;
  t.like(overlong, { code: "ERR_OVERLONG", index: undefined, length: 11, capacity: 10 });
  t.throws(() => planSync(LengthHistogram.from([0]), ten), { code: "ERR_EMPTY_SEQUENCE" });
});
