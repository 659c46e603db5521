// Packings: the worked examples, parts, views, figures, proof.
import test from "ava";
import { Packing, packSync, StowageError } from "../../index.js";

const eight = [1000, 800, 600, 500, 400, 300, 200, 100];

const worked: Record<string, number[][]> = {
  "best-fit-decreasing": [[0], [1, 7], [2, 4], [3, 5, 6]],
  "first-fit-decreasing": [[0], [1, 6], [2, 4], [3, 5, 7]],
  "modified-first-fit-decreasing": [[0], [1, 6], [2, 4], [3, 5, 7]],
  "worst-fit-decreasing": [[0], [1, 6], [2, 5], [3, 4, 7]],
  "next-fit": [[0], [1], [2], [3, 4], [5, 6, 7]],
  "first-fit": [[0], [1, 6], [2, 4], [3, 5, 7]],
  "best-fit": [[0], [1, 6], [2, 4], [3, 5, 7]],
  "worst-fit": [[0], [1, 6], [2, 5], [3, 4, 7]],
  harmonic: [[0], [1], [2], [3, 4], [5], [6], [7]],
  "first-fit-shuffle": [[7, 1], [4, 3], [5, 2], [0], [6]],
};
for (const [strategy, packs] of Object.entries(worked))
  test(`${strategy} packs the worked example as written`, (t) => {
    const packing = packSync(eight, { capacity: 1024, strategy });
    t.deepEqual(packing.toArrays(), packs);
    t.is<string, string>(packing.strategy, strategy);
  });

test("a tolerance pairs nearly equal lengths by the seed, as written", (t) => {
  const options = { capacity: 10, strategy: "best-fit-decreasing", tolerance: 3, seed: 0 };
  const packing = packSync([7, 6, 6, 5, 5, 4, 4, 3, 2, 1], options);
  t.deepEqual(packing.toArrays(), [
    [2, 5],
    [1, 6],
    [0, 7],
    [3, 4],
    [9, 8],
  ]);
});

test("figures of the worked example are exact to the last digit", (t) => {
  const { time, ...stats } = packSync(eight, { capacity: 1024 }).stats();
  t.deepEqual(stats, {
    sequenceCount: 8,
    packCount: 4,
    capacity: 1024,
    tokensIn: 3900,
    tokensPacked: 3900,
    tokensTruncated: 0,
    tokensDropped: 0,
    paddingTokens: 196,
    efficiency: 0.9521484375,
    lowerBound: 4,
    gap: 0,
    compression: 2,
    sequencesPerPack: { mean: 2, max: 3 },
    fill: {
      mean: 0.9521484375,
      min: 0.87890625,
      max: 0.9765625,
      standardDeviation: 0.04228639666916204,
      p1: 0.87890625,
      p10: 0.87890625,
      p50: 0.9765625,
      p90: 0.9765625,
      p99: 0.9765625,
    },
    stopped: "bound",
  });
  for (const ms of Object.values(time)) t.true(ms >= 0);
});

test("no sequences make no packs, and every ratio is 0", (t) => {
  const packing = packSync([], { capacity: 8 });
  t.deepEqual([...packing.offsets], [0]);
  t.like(packing, { packCount: 0, lowerBound: 0, gap: 0, efficiency: 0, sequenceCount: 0 });
  t.like(packing.stats(), { efficiency: 0, compression: 0, tokensIn: 0 });
  t.deepEqual([...packing], []);
  t.is(packing.packOf().length, 0);
  t.is(packing.shuffled(1).packCount, 0);
  packing.verify([]);
});

test("64 sequences at the largest capacity make one pack", (t) => {
  const packing = packSync(new Uint32Array(64).fill(1000), { capacity: 2 ** 31 - 1 });
  t.is(packing.packCount, 1);
});

test("pieces say which tokens of a sequence stand where", (t) => {
  const options = { capacity: 10, overlong: "split", empty: "drop" } as const;
  const packing = packSync([25, 4, 0], { ...options, strategy: "best-fit-decreasing" });
  t.deepEqual(packing.toArrays(), [[0], [0], [0, 1]]);
  t.deepEqual([...packing.pieces!.starts], [0, 10, 20, 0]);
  t.deepEqual([...packing.pieces!.lengths], [10, 10, 5, 4]);
  t.deepEqual([...packing.dropped], [2]);
  t.deepEqual([...packing.packOf()], [0, 2, 0xffffffff]);
  t.is(packing.sequenceCount, 3);
});

test("an even number of packs is reached by splitting, never by empty packs", (t) => {
  const lengths = [5, 5, 5, 5, 5, 5];
  const packing = packSync(lengths, { capacity: 10, packCountMultipleOf: 2 });
  t.is(packing.packCount, 4);
  packing.verify(lengths);
  t.is(packSync(lengths, { capacity: 10, packCount: 6 }).packCount, 6);
  t.throws(() => packSync(lengths, { capacity: 10, packCount: 7 }), { code: "ERR_OPTION" });
});

test("packs are views of one array", (t) => {
  const packing = packSync([4, 4, 9], { capacity: 10 });
  t.is(packing.packAt(1).buffer, packing.sequences.buffer);
  t.deepEqual(
    [...packing].map((pack) => [...pack]),
    [[2], [0, 1]],
  );
});

test("the seeded order of packs is that of the generator", (t) => {
  const packing = packSync(new Uint32Array(12).fill(8), { capacity: 8, strategy: "next-fit" });
  const shuffled = packing.shuffled(2n ** 64n - 1n);
  t.deepEqual([...shuffled.sequences], [11, 4, 8, 7, 2, 5, 0, 6, 9, 10, 1, 3]);
  t.throws(() => packing.shuffled(-1), { code: "ERR_OPTION" });
});

const sound = {
  capacity: 10,
  offsets: Uint32Array.of(0, 1, 3),
  sequences: Uint32Array.of(2, 0, 1),
};

test("parts make a packing, with what isn't said left open", (t) => {
  const packing = Packing.from(sound);
  t.deepEqual(packing.toArrays(), [[2], [0, 1]]);
  t.like(packing, { packCount: 2, sequenceCount: 3, lowerBound: 0, strategy: "auto" });
  t.is(packing.tokenCount, undefined);
  t.is(packing.efficiency, Number.NaN);
  t.throws(() => packing.stats(), { code: "ERR_OPTION", message: /stats\(lengths\)/ });
  t.like(packing.stats([4, 4, 9]), { tokensPacked: 17, efficiency: 0.85 });
  const counted = Packing.from({ ...sound, tokenCount: 17, lowerBound: 2 });
  t.like(counted, { efficiency: 0.85, lowerBound: 2, gap: 0 });
  t.is(Packing.from({ ...sound, tokenCount: 17 }).lowerBound, 2);
});

const misshapen: [string, object, RegExp][] = [
  ["no offsets", { offsets: undefined }, /`offsets` must be a Uint32Array/],
  ["empty offsets", { offsets: new Uint32Array(0) }, /offsets\[0\] must be 0/],
  ["offsets that begin late", { offsets: Uint32Array.of(1, 3) }, /offsets\[0\] must be 0, got 1/],
  ["offsets that fall", { offsets: Uint32Array.of(0, 2, 1, 3) }, /offsets fall at 2: 1 after 2/],
  [
    "offsets that end early",
    { offsets: Uint32Array.of(0, 1) },
    /offsets end at 1, but there are 3/,
  ],
  [
    "sequences of another type",
    { sequences: [2, 0, 1] },
    /`sequences` must be a Uint32Array, got an array/,
  ],
  ["pieces without lengths", { pieces: { starts: Uint32Array.of(0, 0, 0) } }, /`pieces\.lengths`/],
  [
    "too few pieces",
    { pieces: { starts: Uint32Array.of(0), lengths: Uint32Array.of(1) } },
    /pieces\.starts has 1 entries/,
  ],
  ["a bound above the packs", { lowerBound: 3 }, /`lowerBound` must be an integer 0 \.\. 2/],
];
for (const [name, parts, message] of misshapen)
  test(`parts with ${name} are refused`, (t) => {
    t.throws(() => Packing.from({ ...sound, ...parts } as never), {
      instanceOf: StowageError,
      code: "ERR_INVALID_PACKING",
      message,
    });
  });

const lengths = [4, 4, 9];
const invalid: [string, object, number[]][] = [
  ["an index out of range", { sequences: Uint32Array.of(3, 0, 1) }, lengths],
  ["an index twice", { sequences: Uint32Array.of(2, 0, 0) }, lengths],
  ["a pack over capacity", { offsets: Uint32Array.of(0, 0, 3) }, lengths],
  ["a pack over its need", { sequenceAlignment: 3 }, [5, 5, 9]],
  ["a pack over the limit", { maxSequencesPerPack: 1 }, lengths],
  ["an empty pack", { offsets: Uint32Array.of(0, 1, 1, 3) }, lengths],
  ["a sequence in no pack", {}, [4, 4, 9, 1]],
  ["a sequence packed and dropped", { dropped: Uint32Array.of(0) }, lengths],
  ["tokens that don't add up", { tokenCount: 16 }, lengths],
];
for (const [name, parts, its] of invalid)
  test(`verify refuses ${name}`, (t) => {
    const packing = Packing.from({ ...sound, ...parts });
    t.throws(() => packing.verify(its), { instanceOf: StowageError, code: "ERR_INVALID_PACKING" });
  });

test("verify accepts what is sound and refuses lengths that are none", (t) => {
  const packing = Packing.from(sound);
  packing.verify(lengths);
  t.throws(() => packing.verify("4 4 9" as never), { code: "ERR_LENGTH" });
});

test("packOf finds a sequence that lost its first tokens", (t) => {
  const { packCount, pieces, sequenceCount, ...rest } = packSync([12, 4, 9], {
    ...{ capacity: 10, overlong: "truncate-start", strategy: "next-fit" },
  });
  t.is(packCount, 3);
  t.deepEqual(Array.from(pieces!.starts), [2, 0, 0]);
  const whole = packSync([12, 4, 9], {
    ...{ capacity: 10, overlong: "truncate-start", strategy: "next-fit" },
  });
  t.deepEqual(Array.from(whole.packOf()), [0, 1, 2]);
  t.is(sequenceCount, 3);
  t.is(Packing.from({ ...rest, pieces }).sequenceCount, 3);
});

test("offsets that the caller wrote into are refused where entries are walked along them", (t) => {
  const uses = [(packing: Packing) => packing.packOf(), (packing: Packing) => packing.shuffled(1)];
  const faults: [number, number, RegExp][] = [
    [0, 1, /offsets\[0\] must be 0, got 1/],
    [1, 4e9, /offsets fall at 2: 2 after 4000000000/],
    [2, 4e9, /offsets end at 4000000000, but there are 2 sequences/],
  ];
  for (const use of uses) {
    for (const [at, value, message] of faults) {
      const packing = packSync([9, 9], { capacity: 10 });
      t.notThrows(() => use(packing));
      packing.offsets[at] = value;
      t.throws(() => use(packing), { code: "ERR_INVALID_PACKING", message });
    }
  }
});
