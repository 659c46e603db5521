// What may hold lengths: arrays and typed arrays of integers, of any realm and over any memory.
import { createContext, runInContext } from "node:vm";
import test from "ava";
import { packSync } from "../../index.js";
import { accepted, length, refused, ten } from "../fixtures/input-cases.js";

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
