// Laws that hold for every strategy, option and input, on random ones.
import test from "ava";
import fc from "fast-check";
import {
  LengthHistogram,
  Packing,
  type PackOptions,
  Plan,
  pack,
  packSync,
  planSync,
  strategies,
} from "../../index.js";
import { bound, overweight } from "../models/certificate.js";

const names = strategies().map(({ name }) => name);
const planning = strategies().flatMap(({ name, plans }) => (plans ? [name] : []));

const lengths = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }),
  fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 200 }),
  fc
    .tuple(fc.nat(300), fc.integer({ min: 1, max: 100 }))
    .map(([n, l]) => new Array(n).fill(l) as number[]),
);

/** Any options that go together, for a strategy among `among`. */
function options(among: readonly string[]): fc.Arbitrary<PackOptions> {
  return fc
    .record(
      {
        capacity: fc.integer({ min: 1, max: 120 }),
        strategy: fc.constantFrom(...among),
        maxSequencesPerPack: fc.integer({ min: 1, max: 12 }),
        sequenceAlignment: fc.integer({ min: 1, max: 16 }),
        overlong: fc.constantFrom("drop", "truncate", "truncate-start", "split"),
        empty: fc.constant("drop"),
        seed: fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
        harmonicClasses: fc.integer({ min: 2, max: 12 }),
      },
      { requiredKeys: ["capacity", "strategy", "overlong", "empty"] },
    )
    .map(({ sequenceAlignment, ...rest }) => ({
      ...rest,
      ...(sequenceAlignment && { sequenceAlignment: Math.min(sequenceAlignment, rest.capacity) }),
    })) as fc.Arbitrary<PackOptions>;
}

const runs = { numRuns: 400 };

test("every sequence stands in one pack or is dropped, within capacity and limit", (t) => {
  fc.assert(
    fc.property(lengths, options(names), (input, given) => {
      const packing = packSync(input, given);
      packing.verify(input);
      const { tokensIn, tokensPacked, tokensTruncated, tokensDropped } = packing.stats();
      t.is(
        tokensIn,
        input.reduce((sum, length) => sum + length, 0),
      );
      t.is(tokensIn, tokensPacked + tokensTruncated + tokensDropped);
      const alignment = given.sequenceAlignment ?? 1;
      for (let k = 0; k < packing.packCount; k++) {
        let need = 0;
        for (let e = packing.offsets[k]!; e < packing.offsets[k + 1]!; e++) {
          const tokens = packing.pieces?.lengths[e] ?? input[packing.sequences[e]!]!;
          need += Math.ceil(tokens / alignment) * alignment;
        }
        const count = packing.packAt(k).length;
        t.true(
          need <= given.capacity && count >= 1 && count <= (given.maxSequencesPerPack ?? count),
        );
      }
      const places = new Set([...packing.sequences, ...packing.dropped]);
      t.is(places.size, input.length);
    }),
    runs,
  );
});

test("packs are never fewer than the bound, and the bound covers all tokens", (t) => {
  fc.assert(
    fc.property(lengths, options(names), (input, given) => {
      const { packCount, lowerBound, gap, tokenCount } = packSync(input, given);
      t.true(packCount >= lowerBound);
      t.is(gap, packCount - lowerBound);
      t.true(lowerBound >= (tokenCount ?? 0) / given.capacity);
    }),
    runs,
  );
});

test("jobs give the same bytes as calls, for any number of threads", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      lengths,
      options(names),
      fc.integer({ min: 1, max: 9 }),
      async (input, given, threads) => {
        const expected = packSync(input, given);
        const packing = await pack(Uint32Array.from(input), { ...given, threads });
        t.deepEqual({ ...packing }, { ...expected });
      },
    ),
    { numRuns: 200 },
  );
});

test("a plan assigns what packing gives, has its figures, and survives JSON", (t) => {
  fc.assert(
    fc.property(lengths, options(planning), (input, given) => {
      const histogram = LengthHistogram.from(input);
      const plan = planSync(histogram, given);
      plan.verify(histogram);
      const packing = packSync(input, given);
      t.deepEqual({ ...plan.assign(input) }, { ...packing });
      const { time: _, ...figures } = plan.stats();
      const { time: __, ...expected } = packing.stats();
      t.deepEqual(figures, expected);
      const json = JSON.stringify(plan);
      const copy = Plan.fromJSON(JSON.parse(json));
      t.is(JSON.stringify(copy), json);
      copy.verify(histogram);
      t.deepEqual({ ...copy.assign(input) }, { ...packing });
    }),
    { numRuns: 250 },
  );
});

test("a certificate proves its bound in integers of any size, by a checker of our own", (t) => {
  fc.assert(
    fc.property(lengths, options(planning), (input, given) => {
      const histogram = LengthHistogram.from(input);
      const plan = planSync(histogram, given);
      const alignment = given.sequenceAlignment ?? 1;
      const room = Math.floor(given.capacity / alignment);
      const limit = given.maxSequencesPerPack ?? Number.POSITIVE_INFINITY;
      t.false(overweight(plan.certificate, room, limit), JSON.stringify(plan));
      const counts = new Map<number, bigint>();
      for (const { lengths: its, multiplicity } of plan.templates())
        for (const length of its) {
          const units = Math.ceil(length / alignment);
          counts.set(units, (counts.get(units) ?? 0n) + BigInt(multiplicity));
        }
      t.is(bound(plan.certificate, counts), BigInt(plan.lowerBound));
    }),
    { numRuns: 250 },
  );
});

test("histograms of parts add up to the histogram of the whole, in any order", (t) => {
  fc.assert(
    fc.property(lengths, lengths, (a, b) => {
      const whole = LengthHistogram.from([...a, ...b]).toJSON();
      t.deepEqual(LengthHistogram.from(a).merge(LengthHistogram.from(b)).toJSON(), whole);
      t.deepEqual(LengthHistogram.from(b).add(a).toJSON(), whole);
      t.deepEqual(LengthHistogram.fromCounts(LengthHistogram.from([...b, ...a])).toJSON(), whole);
      t.deepEqual(LengthHistogram.fromJSON(JSON.parse(JSON.stringify(whole))).toJSON(), whole);
    }),
    runs,
  );
});

test("shuffled packs are the same packs in another order, the same for the same seed", (t) => {
  fc.assert(
    fc.property(lengths, options(names), fc.nat(), (input, given, seed) => {
      const packing = packSync(input, given);
      const shuffled = packing.shuffled(seed);
      shuffled.verify(input);
      const sorted = (p: Packing): string[] => p.toArrays().map(String).sort();
      t.deepEqual(sorted(shuffled), sorted(packing));
      t.deepEqual(shuffled.shuffled(0).sequences, packing.shuffled(seed).shuffled(0).sequences);
      t.deepEqual(shuffled.stats(), packing.stats());
    }),
    { numRuns: 200 },
  );
});

test("a packing rebuilt from a structured clone is the same", (t) => {
  fc.assert(
    fc.property(lengths, options(names), (input, given) => {
      const packing = packSync(input, given);
      const again = Packing.from(structuredClone({ ...packing }));
      t.deepEqual({ ...again }, { ...packing });
      again.verify(input);
      const { time: _, ...figures } = again.stats(input);
      // Only the search knows why it ended.
      const { time: __, stopped: ___, ...expected } = packing.stats();
      t.deepEqual(figures, expected);
    }),
    { numRuns: 200 },
  );
});

test("decreasing strategies give templates that don't depend on the order of the input", (t) => {
  fc.assert(
    fc.property(lengths, options(planning), (input, given) => {
      const sorted = [...input].sort((a, b) => a - b);
      t.is(
        planSync(LengthHistogram.from(input), given).id,
        planSync(LengthHistogram.from(sorted), given).id,
      );
    }),
    { numRuns: 100 },
  );
});

test("one length equal to the capacity needs a pack of its own for every sequence", (t) => {
  for (const strategy of names)
    for (const n of [0, 1, 7]) {
      const packing = packSync(new Uint32Array(n).fill(64), { capacity: 64, strategy });
      t.is(packing.packCount, n);
      t.is(packing.gap, 0);
    }
});
