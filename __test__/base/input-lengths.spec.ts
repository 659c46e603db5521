// What a length may be: a whole number of tokens that a pack holds; the first that isn't is named.
import test from "ava";
import { pack, packSync } from "../../index.js";
import { accepted, length, refused, ten } from "../fixtures/input-cases.js";

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
  /sequence 1 has 11 tokens, a pack holds 10; set overlong to 'drop', 'truncate', 'truncate-start' or 'split'/,
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
