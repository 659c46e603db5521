import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { type StreamedPack, type StreamOptions, StreamPacker } from "../../index.js";
import { anyLengths, anyOptions } from "../fixtures/any-stream.js";

interface StreamCase {
  name: string;
  capacity: number;
  strategy: StreamOptions["strategy"];
  options: Partial<StreamOptions>;
  lengths: number[];
  closed: [add: number, ids: number[]][];
  finish: number[][];
}

const file = join(import.meta.dirname, "../data/conformance.json.gz");
const { streams } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  streams: StreamCase[];
};

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

test("every recorded stream comes out, however it is cut into calls", (t) => {
  t.is(streams.length, 36);
  for (const { name, capacity, strategy, options, lengths, closed, finish } of streams) {
    for (const step of [1, 7, Math.max(1, lengths.length)]) {
      const packer = new StreamPacker({ capacity, strategy, ...options });
      for (let from = 0; from < lengths.length; from += step) {
        const to = Math.min(from + step, lengths.length);
        const found = packer.add(range(from, to), lengths.slice(from, to));
        const expected = closed.filter(([add]) => add >= from && add < to);
        t.deepEqual(
          found.map(({ ids }) => ids),
          expected.map(([, ids]) => ids),
          `${name}, ${step} at once, from ${from}`,
        );
      }
      const last = packer.finish();
      t.deepEqual(
        last.map(({ ids }) => ids),
        finish,
        `${name}, ${step} at once`,
      );
      for (const pack of last) {
        t.deepEqual(
          pack.lengths,
          pack.ids.map((id) => lengths[id]!),
        );
        t.is(
          pack.tokens,
          pack.lengths.reduce((a, b) => a + b),
        );
      }
    }
  }
});

test("packs keep capacity and limit, the stream its bounds and its ledger", (t) => {
  const law = fc.property(anyOptions, anyLengths, (options, lengths) => {
    const packer = new StreamPacker(options);
    const packs: StreamedPack[] = [];
    const { strategy = "best-fit", maxSequencesPerPack: limit = Number.POSITIVE_INFINITY } =
      options;
    const [window, open] = [options.lookahead ?? 4096, options.maxOpenPacks ?? 1024];
    const most = { "best-fit": open, "next-fit": 1, harmonic: options.harmonicClasses ?? 10 };
    const waiting = strategy === "best-fit" ? Math.max(0, window - 1) : 0;
    lengths.forEach((length, id) => {
      packs.push(...packer.add([id], [length]));
      const { pending } = packer;
      t.true(pending.openPacks <= most[strategy]);
      t.true(pending.sequences <= waiting + pending.openPacks * Math.min(limit, options.capacity));
    });
    packs.push(...packer.finish());
    t.deepEqual(packer.pending, { sequences: 0, tokens: 0, openPacks: 0 });
    for (const pack of packs) {
      t.true(pack.tokens <= options.capacity && pack.ids.length <= limit && pack.ids.length > 0);
      t.is(pack.lengths.length, pack.ids.length);
    }
    const { tokensIn, tokensPacked, tokensTruncated, tokensDropped } = packer.ledger;
    t.is(tokensIn, tokensPacked + tokensTruncated + tokensDropped);
    t.is(
      tokensPacked,
      packs.reduce((sum, { tokens }) => sum + tokens, 0),
    );
  });
  fc.assert(law, { numRuns: 200 });
});

test("each sequence stands once, its pieces where they begin", (t) => {
  const law = fc.property(anyOptions, anyLengths, (options, lengths) => {
    const packer = new StreamPacker(options);
    const packs = [...packer.add(range(0, lengths.length), lengths), ...packer.finish()];
    const found = packs.flatMap(({ ids, lengths: sizes, starts }) =>
      ids.map((id, at) => [id, starts?.[at] ?? 0, sizes[at]!]),
    );
    const { capacity } = options;
    const expected = lengths.flatMap((length, id) => {
      if (length <= capacity) return length === 0 ? [] : [[id, 0, length]];
      if (options.overlong === "drop") return [];
      if (options.overlong === "truncate") return [[id, 0, capacity]];
      if (options.overlong === "truncate-start") return [[id, length - capacity, capacity]];
      const pieces = range(0, Math.ceil(length / capacity));
      return pieces.map((p) => [id, p * capacity, Math.min(capacity, length - p * capacity)]);
    });
    const inOrder = (a: number[], b: number[]): number => a[0]! - b[0]! || a[1]! - b[1]!;
    t.deepEqual(found.sort(inOrder), expected.sort(inOrder));
    const cut = packs.some(({ starts }) => starts?.some((start) => start > 0));
    const keepsEnds = ["split", "truncate-start"].includes(options.overlong ?? "error");
    t.is(cut, keepsEnds && lengths.some((length) => length > capacity));
  });
  fc.assert(law, { numRuns: 200 });
});

test("a snapshot at every position goes on as the uninterrupted stream", (t) => {
  const law = fc.property(anyOptions, anyLengths, (options, lengths) => {
    const whole = new StreamPacker(options);
    let restored = new StreamPacker(options);
    lengths.forEach((length, id) => {
      t.deepEqual(restored.add([id], [length]), whole.add([id], [length]));
      const bytes = restored.snapshot();
      restored = StreamPacker.restore(bytes);
      t.deepEqual(restored.snapshot(), bytes);
      t.deepEqual([restored.ledger, restored.pending], [whole.ledger, whole.pending]);
    });
    t.deepEqual(restored.finish(), whole.finish());
  });
  fc.assert(law, { numRuns: 100 });
});

test("bytes that are no snapshot, or a damaged one, are refused", (t) => {
  const packer = new StreamPacker({ capacity: 10 });
  packer.add([1, 2, 3], [4, 5, 6]);
  const bytes = packer.snapshot();
  const refused = (bad: unknown, message: RegExp): void => {
    t.throws(() => StreamPacker.restore(bad as Uint8Array), { code: "ERR_FORMAT", message });
  };
  for (let end = 0; end < bytes.length; end++)
    refused(bytes.subarray(0, end), /no snapshot of a StreamPacker/);
  for (let at = 0; at < bytes.length; at++)
    refused(
      bytes.map((byte, i) => (i === at ? byte ^ 64 : byte)),
      /no snapshot/,
    );
  refused([...bytes], /must be a Uint8Array/);
  refused(undefined, /must be a Uint8Array/);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  t.deepEqual(StreamPacker.restore(shared).finish(), packer.finish());
});

test("a refused call changes nothing and names the first fault", (t) => {
  const packer = new StreamPacker({ capacity: 10 });
  packer.add([9], [4]);
  const before = packer.snapshot();
  const refused = (ids: unknown, lengths: unknown, expected: object): void => {
    const call = (): unknown => packer.add(ids as number[], lengths as number[]);
    t.like(t.throws(call), expected);
    t.deepEqual(packer.snapshot(), before);
  };
  refused([1, 2], [5], {
    code: "ERR_OPTION",
    message: "2 ids for 1 lengths; each sequence has one of both",
  });
  refused([1, 2], [5, 11], { code: "ERR_OVERLONG", index: 1, length: 11, capacity: 10 });
  refused([1, 2], [0, 11], { code: "ERR_EMPTY_SEQUENCE", index: 0 });
  refused([1, 2], [5, -1], { code: "ERR_LENGTH", index: 1 });
  // One sequence, which crosses as two numbers.
  refused([1], [11], { code: "ERR_OVERLONG", index: 0, length: 11, capacity: 10 });
  refused([1], [0], { code: "ERR_EMPTY_SEQUENCE", index: 0 });
  refused([1], [2 ** 32], { code: "ERR_LENGTH", index: 0 });
  for (const bad of [Number.NaN, 1.5, 2 ** 53, "3", 3n, null]) {
    refused([bad], [5], { code: "ERR_OPTION" });
    refused([1, bad], [5, 5], { code: "ERR_OPTION" });
  }
  for (const bad of [Number.NaN, 1.5, 2 ** 53]) {
    const message = `ids[1] must be a safe integer, got ${bad}`;
    refused(Float64Array.of(1, bad), [5, 5], { code: "ERR_OPTION", message });
  }
  for (const bad of [undefined, null, 5, "12", {}, () => 1])
    refused(bad, [5], { code: "ERR_OPTION" });
});

test("ids are the caller's: negative, large and repeated ones", (t) => {
  const packer = new StreamPacker({ capacity: 10, strategy: "next-fit" });
  const ids = [-5, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0, 0];
  packer.add(Float64Array.from(ids), [1, 1, 1, 1, 1]);
  t.deepEqual(packer.finish()[0]?.ids, ids);
});

test("bad options are refused by name", (t) => {
  const refused = (options: unknown, code: string, message: RegExp): void => {
    t.throws(() => new StreamPacker(options as StreamOptions), { code, message });
  };
  refused(undefined, "ERR_OPTION", /options must be an object/);
  refused({ capacity: 0 }, "ERR_CAPACITY", /`capacity` must be/);
  refused(
    { capacity: 9, strategy: "first-fit" },
    "ERR_STRATEGY",
    /'next-fit'.*'best-fit'.*'harmonic'/,
  );
  refused({ capacity: 9, strategy: "best-fitt" }, "ERR_STRATEGY", /did you mean/);
  refused({ capacity: 9, maxOpenPacks: 0 }, "ERR_OPTION", /`maxOpenPacks`/);
  refused({ capacity: 9, lookahead: -1 }, "ERR_OPTION", /`lookahead`/);
  refused({ capacity: 9, harmonicClasses: 65 }, "ERR_OPTION", /`harmonicClasses`/);
  refused({ capacity: 9, lookAhead: 1 }, "ERR_OPTION", /did you mean 'lookahead'/);
  refused({ capacity: 9, overlong: "trim" }, "ERR_OPTION", /`overlong`/);
});

test("one at a time, in blocks and in any mixture the same packs, snapshots and ledgers come", (t) => {
  const steps = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 20 });
  const law = fc.property(anyOptions, anyLengths, steps, (options, lengths, cuts) => {
    const [alone, mixed, whole] = [0, 1, 2].map(() => new StreamPacker(options));
    const [byOne, byMixture]: StreamedPack[][] = [[], []];
    for (let from = 0, turn = 0; from < lengths.length; turn++) {
      const to = Math.min(lengths.length, from + cuts[turn % cuts.length]!);
      byMixture!.push(...mixed!.add(range(from, to), lengths.slice(from, to)));
      for (; from < to; from++) byOne!.push(...alone!.add([from], [lengths[from]!]));
      t.deepEqual(byOne, byMixture);
      if (turn % 3 === 0) {
        t.deepEqual(alone!.snapshot(), mixed!.snapshot());
        t.deepEqual(alone!.pending, mixed!.pending);
        t.deepEqual(alone!.ledger, mixed!.ledger);
      }
    }
    const inOne = whole!.add(range(0, lengths.length), lengths);
    t.deepEqual(alone!.snapshot(), whole!.snapshot());
    t.deepEqual(byOne, inOne);
    t.deepEqual(alone!.finish(), whole!.finish());
    mixed!.finish();
    t.deepEqual(mixed!.snapshot(), alone!.snapshot());
  });
  fc.assert(law, { numRuns: 500 });
});

test("packs of more sequences than are kept back, and more packs than they hold, come out", (t) => {
  const shapes: [StreamOptions, (at: number) => number][] = [
    [{ capacity: 3000, strategy: "next-fit" }, () => 1],
    [{ capacity: 1500, strategy: "next-fit" }, (at) => 1 + (at % 3)],
    [{ capacity: 1, strategy: "next-fit" }, () => 1],
    [{ capacity: 100, strategy: "next-fit", maxSequencesPerPack: 1 }, (at) => 1 + (at % 100)],
    [{ capacity: 100, strategy: "next-fit", overlong: "truncate" }, (at) => 60 + (at % 41)],
    [{ capacity: 3000, strategy: "harmonic" }, (at) => 1 + (at % 7)],
    [{ capacity: 64, lookahead: 3000 }, (at) => 1 + (at % 64)],
    [{ capacity: 64, lookahead: 0 }, (at) => 1 + (at % 64)],
  ];
  for (const [options, lengthAt] of shapes) {
    const lengths = Array.from({ length: 7000 }, (_, at) => lengthAt(at));
    const [alone, whole] = [new StreamPacker(options), new StreamPacker(options)];
    const byOne = lengths.flatMap((length, at) => alone.add([at], [length]));
    t.deepEqual(byOne, whole.add(range(0, 7000), lengths));
    t.deepEqual(alone.snapshot(), whole.snapshot());
    t.deepEqual(alone.finish(), whole.finish());
  }
});

test("a refused sequence is named by its own call, and those kept back stay", (t) => {
  for (const strategy of ["best-fit", "next-fit", "harmonic"] as const) {
    const packer = new StreamPacker({ capacity: 10, strategy });
    packer.add([1], [2]);
    t.throws(() => packer.add([2], [11]), { code: "ERR_OVERLONG", message: /11/ });
    t.throws(() => packer.add([3], [0]), { code: "ERR_EMPTY_SEQUENCE" });
    t.throws(() => packer.add([0.5], [1]), { code: "ERR_OPTION" });
    t.throws(() => packer.add([4], [-1]), { code: "ERR_LENGTH" });
    packer.add([5], [3]);
    t.deepEqual(packer.pending.tokens, 5);
    t.deepEqual(
      packer
        .finish()
        .flatMap(({ ids }) => ids)
        .sort(),
      [1, 5],
    );
  }
});

test("a restored stream goes on one at a time as the one it was taken of", (t) => {
  const law = fc.property(anyOptions, anyLengths, fc.nat(80), (options, lengths, cut) => {
    const first = new StreamPacker(options);
    for (const [id, length] of lengths.slice(0, cut).entries()) first.add([id], [length]);
    const second = StreamPacker.restore(first.snapshot());
    lengths.slice(cut).forEach((length, id) => {
      t.deepEqual(second.add([id], [length]), first.add([id], [length]));
    });
    t.deepEqual(second.snapshot(), first.snapshot());
  });
  fc.assert(law, { numRuns: 200 });
});
