import test from "ava";
import fc from "fast-check";
import { type CollateOptions, collate, Packing, type Rows, unpad } from "../../index.js";
import { camel, cases, plain } from "../fixtures/collate-cases.js";
import { type Entry, type ModelInput, modelRows, partsOf, ragged } from "../models/rows.js";

for (const { name, packs, options, expected } of cases.collate) {
  test(`collate gives what the reference gives: ${name}`, (t) => {
    const {
      capacity = 8,
      own_labels,
      loss_mask,
      ...rest
    } = options as {
      capacity?: number;
      own_labels?: number[][];
      loss_mask?: number[][];
    };
    const rows = collate(
      Packing.from(partsOf(packs, cases.tokens, capacity)),
      ragged(cases.tokens, Int32Array),
      {
        ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [camel(key), value])),
        ...(own_labels && { ownLabels: ragged(own_labels, Int32Array) }),
        ...(loss_mask && { lossMask: ragged(loss_mask, Float32Array) }),
      },
    );
    const { layout, ...arrays } = rows;
    t.is(layout, (options.layout ?? "padded") as Rows["layout"]);
    const got = Object.entries(arrays).map(([key, value]) => [key, plain(value)]);
    const want = Object.entries(expected).map(([key, value]) => [camel(key), value]);
    t.deepEqual(Object.fromEntries(got), Object.fromEntries(want));
  });
}

const arraysOf = (rows: Rows) =>
  Object.values(rows).filter((part): part is Int32Array<ArrayBuffer> => ArrayBuffer.isView(part));

const maxId = 0x7fff_ffff;
const idsOf = (most: number) => fc.array(fc.nat(most), { minLength: 1, maxLength: 12 });

/** Sequences, a way to stack them into packs, columns beside them and options. */
const arbitrary = fc
  .record({
    kind: fc.constantFrom(
      "Uint8Array",
      "Int16Array",
      "Uint16Array",
      "Int32Array",
      "Uint32Array",
      "BigInt64Array",
      "BigUint64Array",
    ),
    seed: fc.array(fc.tuple(idsOf(maxId), fc.nat(), fc.boolean(), fc.boolean()), { maxLength: 20 }),
    masked: fc.constantFrom(undefined, "Uint8Array", "Float32Array"),
    labelled: fc.boolean(),
    options: fc.record(
      {
        layout: fc.constantFrom("padded", "flat"),
        padTokenId: fc.nat(maxId),
        padToMultipleOf: fc.integer({ min: 1, max: 9 }),
        paddingSegment: fc.boolean(),
        labels: fc.constantFrom("unshifted", "shifted", false),
        attentionMask: fc.constantFrom("segments", "binary", false),
        sequenceAlignment: fc.integer({ min: 1, max: 5 }),
      } as const,
      { requiredKeys: [] },
    ),
  })
  .map(({ kind, seed, masked, labelled, options }) => {
    const most =
      { Uint8Array: 0xff, Int16Array: 0x7fff, Uint16Array: 0xffff }[kind as string] ?? maxId;
    const tokens = seed.map(([ids]) => ids.map((id) => id % (most + 1)));
    const packs: Entry[][] = [];
    for (const [index, [ids, number, fresh, cut]] of seed.entries()) {
      if (fresh || packs.length === 0) packs.push([]);
      const start = number % ids.length;
      packs.at(-1)!.push(cut ? [index, start, ids.length - start] : index);
    }
    const marks = tokens.map((ids, s) => ids.map((_, i) => (seed[s]![1] + i) % 3));
    const input: ModelInput = {
      packs,
      tokens,
      capacity: 400,
      ownLabels: labelled
        ? tokens.map((ids, s) => ids.map((id, i) => (marks[s]![i] === 1 ? -100 : id)))
        : undefined,
      lossMask: masked && marks.map((row) => row.map((m) => (masked === "Uint8Array" ? m : m / 2))),
    };
    return { kind, masked, input, options: options as CollateOptions };
  });

test("collate equals the slow model for every layout, width, mask and label", (t) => {
  fc.assert(
    fc.property(arbitrary, ({ kind, masked, input, options }) => {
      const column = ragged(input.tokens, Int32Array);
      const values = kind.startsWith("Big")
        ? (globalThis[kind as "BigInt64Array"].from([...column.values].map(BigInt)) as never)
        : (globalThis[kind as "Int32Array"].from(column.values) as never);
      const packing = Packing.from(partsOf(input.packs, input.tokens, input.capacity));
      const given: CollateOptions = {
        ...options,
        ownLabels: input.ownLabels && ragged(input.ownLabels, Int32Array),
        lossMask:
          input.lossMask &&
          (masked === "Uint8Array"
            ? ragged(input.lossMask, Uint8Array)
            : ragged(input.lossMask, Float32Array)),
      };
      const rows = collate(packing, { ...column, values }, given);
      const model = modelRows(input, options);
      const absent = new Set<string>();
      if (options.labels === false) absent.add("labels");
      if (options.attentionMask === false) absent.add("attentionMask");
      if (!input.lossMask) absent.add("lossWeights");
      if ((options.sequenceAlignment ?? 1) === 1 && !options.paddingSegment)
        absent.add("cuSeqlensPadded");
      for (const [key, value] of Object.entries(model)) {
        const got = rows[key as keyof Rows];
        t.deepEqual(plain(got), absent.has(key) ? undefined : value, key);
      }
      const spare = collate(packing, { ...column, values }, given);
      for (const array of arraysOf(spare)) array.fill(77);
      const again = collate(packing, { ...column, values }, { ...given, reuse: spare });
      t.deepEqual(again, rows);
      const used = new Set(arraysOf(spare).map(({ buffer }) => buffer));
      t.true(arraysOf(again).every(({ buffer, length }) => length === 0 || used.has(buffer)));
    }),
    { numRuns: 400 },
  );
});

const tokens = {
  values: Int32Array.of(11, 12, 13, 21, 22, 31, 32, 33, 34),
  offsets: Uint32Array.of(0, 3, 5, 9),
};
const packing = Packing.from({
  capacity: 8,
  offsets: Uint32Array.of(0, 2, 3),
  sequences: Uint32Array.of(0, 1, 2),
});

test("a range of packs gives the rows of those packs", (t) => {
  const rows = collate(packing, tokens, { packs: { start: 1, end: 2 } });
  t.is(rows.rowCount, 1);
  t.deepEqual([...rows.inputIds], [31, 32, 33, 34, 0, 0, 0, 0]);
  t.deepEqual([...rows.cuSeqlens], [0, 4]);
  t.deepEqual([...rows.sequences], [2]);
  t.is(collate(packing, tokens, { packs: { start: 2, end: 2 } }).inputIds.length, 0);
});

test("every array has a buffer of its own, which may be transferred", (t) => {
  const rows = collate(packing, tokens, {
    paddingSegment: true,
    lossMask: { values: new Uint8Array(9).fill(1), offsets: tokens.offsets },
  });
  const arrays = arraysOf(rows);
  t.is(arrays.length, 10);
  t.is(new Set(arrays.map((array) => array.buffer)).size, 10);
  for (const array of arrays) t.is(array.byteLength, array.buffer.byteLength);
});

test("memory is reused where it fits, once, and never that of an input", (t) => {
  const fresh = collate(packing, tokens);
  const other = collate(packing, tokens);
  const gone = collate(packing, tokens);
  for (const { buffer } of arraysOf(gone)) structuredClone(buffer, { transfer: [buffer] });
  const unfit: [name: string, reuse: Partial<Record<keyof Rows, unknown>>, buffers: number][] = [
    ["another size", collate(packing, tokens, { width: 9, packs: { start: 0, end: 1 } }), 0],
    ["transferred", gone, 0],
    ["one for all", { inputIds: other.inputIds, labels: other.inputIds }, 1],
    ["shared", { inputIds: new Int32Array(new SharedArrayBuffer(64)) }, 0],
    ["part of a buffer", { inputIds: new Int32Array(new ArrayBuffer(128), 64) }, 0],
    ["no arrays", { inputIds: 3, labels: {}, cuSeqlens: null }, 0],
  ];
  for (const [name, reuse, count] of unfit) {
    const rows = collate(packing, tokens, { reuse: reuse as Rows });
    t.deepEqual(rows, fresh, name);
    const buffers = new Set(arraysOf(rows).map(({ buffer }) => buffer));
    t.is(buffers.size, arraysOf(rows).length, name);
    const given = Object.values(reuse).filter(ArrayBuffer.isView);
    t.is(
      new Set(given.filter(({ buffer }) => buffers.has(buffer as ArrayBuffer))).size,
      count,
      name,
    );
  }
  // As long as the ids will be: a column that is read while they are written.
  const column = { values: new Int32Array(16).fill(5), offsets: tokens.offsets };
  const rows = collate(packing, column, { reuse: { inputIds: column.values } });
  t.not(rows.inputIds.buffer, column.values.buffer);
  t.deepEqual([...column.values], Array(16).fill(5));
  const message = /`reuse` must be rows that collate returned, got 3/;
  t.throws(() => collate(packing, tokens, { reuse: 3 as never }), { code: "ERR_OPTION", message });
});

test("rows are the same whatever the offsets' type, their first value and the memory", (t) => {
  const want = collate(packing, tokens);
  const shared = new Int32Array(new SharedArrayBuffer(36));
  shared.set(tokens.values);
  const inside = Int32Array.of(7, 7, ...tokens.values, 7).subarray(1);
  t.deepEqual(
    collate(packing, { values: shared, offsets: BigInt64Array.of(0n, 3n, 5n, 9n) }),
    want,
  );
  t.deepEqual(collate(packing, { values: inside, offsets: Int32Array.of(1, 4, 6, 10) }), want);
});

test("more than a million places, filled by several threads, are the same as one row at a time", (t) => {
  const count = 3000;
  const lengths = Array.from({ length: count }, (_, i) => 1 + ((i * 7919) % 509));
  const long = {
    values: new Uint32Array(lengths.reduce((a, b) => a + b)),
    offsets: new Uint32Array(count + 1),
  };
  for (const [i, length] of lengths.entries()) long.offsets[i + 1] = long.offsets[i]! + length;
  for (let i = 0; i < long.values.length; i++) long.values[i] = (i * 2654435761) >>> 1;
  const sequences = Uint32Array.from(lengths, (_, i) => (i * 1009) % count);
  const offsets = Uint32Array.from({ length: count / 2 + 1 }, (_, k) => 2 * k);
  const many = Packing.from({ capacity: 1024, offsets, sequences });
  const all = collate(many, long);
  t.true(all.inputIds.length > 1 << 20);
  for (let k = 0; k < many.packCount; k += 97) {
    const one = collate(many, long, { packs: { start: k, end: k + 1 } });
    t.deepEqual(all.inputIds.subarray(k * 1024, (k + 1) * 1024), one.inputIds);
    t.deepEqual(all.labels!.subarray(k * 1024, (k + 1) * 1024), one.labels);
    t.deepEqual(all.positionIds.subarray(k * 1024, (k + 1) * 1024), one.positionIds);
  }
});

test("an id, label or weight out of range is named with its sequence and position", (t) => {
  const at = (values: Int32Array, index: number, value: number) =>
    values.map((v, i) => (i === index ? value : v));
  const wide = BigInt64Array.from(tokens.values, BigInt);
  wide[4] = 2n ** 31n;
  const { offsets } = tokens;
  const weights = Float32Array.from(tokens.values, () => 1);
  weights[8] = Number.NaN;
  const faults: [() => unknown, RegExp, number][] = [
    [
      () => collate(packing, { values: at(tokens.values, 4, -1), offsets }),
      /sequence 1, position 1: -1 /,
      1,
    ],
    [() => collate(packing, { values: wide, offsets }), /sequence 1, position 1: 2147483648 /, 1],
    [
      () => collate(packing, tokens, { ownLabels: { values: at(tokens.values, 5, -99), offsets } }),
      /ownLabels sequence 2, position 0: -99 /,
      2,
    ],
    [
      () => collate(packing, tokens, { lossMask: { values: weights, offsets } }),
      /lossMask sequence 2, position 3: NaN /,
      2,
    ],
    [
      () =>
        collate(packing, tokens, {
          ownLabels: { values: tokens.values, offsets: Int32Array.of(0, 2, 5, 9) },
        }),
      /2 values for sequence 0, which has 3 tokens/,
      0,
    ],
    [
      () => collate(packing, { values: tokens.values, offsets: Int32Array.of(0, 3, 5) }),
      /sequence 2/,
      2,
    ],
    [
      () => collate(packing, { values: tokens.values, offsets: Int32Array.of(0, 3, 5, 10) }),
      /from 5 to 10 of 9/,
      2,
    ],
  ];
  for (const [call, message, index] of faults)
    t.like(t.throws(call, { code: "ERR_COLUMN", message }), { index });
});

test("options that can't be met are refused by name", (t) => {
  const refused: [CollateOptions | Record<string, unknown>, RegExp][] = [
    [{ width: 4 }, /5 places.*4 wide/],
    [{ width: 0 }, /`width` must be an integer/],
    [{ width: 9, layout: "flat" }, /`width` is for the padded layout/],
    [{ sequenceAlignment: 9 }, /`sequenceAlignment`/],
    [{ padTokenId: 2 ** 31 }, /`padTokenId`/],
    [{ padToMultipleOf: 2 ** 31 - 1, packs: { start: 0, end: 2 } }, /more than the 2147483647/],
    [{ labels: "shiftet" }, /did you mean 'shifted'/],
    [{ attentionMask: true }, /`attentionMask` must be one of/],
    [{ packs: { start: 1, end: 3 } }, /0 <= start <= end <= 2/],
    [{ pad: 3 }, /unknown option 'pad'/],
  ];
  for (const [options, message] of refused)
    t.throws(() => collate(packing, tokens, options as CollateOptions), {
      code: "ERR_OPTION",
      message,
    });
  t.throws(() => collate({} as Packing, tokens), { code: "ERR_OPTION", message: /Packing.from/ });
});

test("columns of the wrong kind are refused with the way out", (t) => {
  const { values, offsets } = tokens;
  const plainValues = { values: [...values], offsets } as never;
  t.throws(() => collate(packing, plainValues), { code: "ERR_COLUMN", message: /Int32Array.from/ });
  const floats = { values: Float32Array.from(values), offsets } as never;
  t.throws(() => collate(packing, floats), { code: "ERR_COLUMN", message: /got Float32Array/ });
  const moved = Int32Array.from(values);
  structuredClone(moved, { transfer: [moved.buffer] });
  t.throws(() => collate(packing, { values: moved, offsets }), {
    code: "ERR_COLUMN",
    message: /transferred/,
  });
  t.throws(() => collate(packing, null as never), { code: "ERR_COLUMN" });
});

test("a sequence without tokens can't be a segment", (t) => {
  const empty = { values: tokens.values, offsets: Int32Array.of(0, 3, 3, 9) };
  t.like(
    t.throws(() => collate(packing, empty), { code: "ERR_EMPTY_SEQUENCE" }),
    { index: 1 },
  );
});

test("unpad of the segments of padded rows gives the boundaries of collate", (t) => {
  fc.assert(
    fc.property(arbitrary, ({ input, options }) => {
      fc.pre((options.sequenceAlignment ?? 1) === 1);
      const rows = collate(
        Packing.from(partsOf(input.packs, input.tokens, input.capacity)),
        ragged(input.tokens, Int32Array),
        { padToMultipleOf: options.padToMultipleOf },
      );
      const { cuSeqlens, indices, maxSeqlen } = unpad(rows.segmentIds, rows.width);
      t.deepEqual(cuSeqlens, rows.cuSeqlens);
      t.is(maxSeqlen, rows.maxSeqlen);
      t.is(indices.length, cuSeqlens.at(-1)!);
    }),
  );
});
