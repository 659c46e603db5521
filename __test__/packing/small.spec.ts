// Small packings cross in one call, large ones and jobs in two: nobody must see which it was.
import test from "ava";
import fc from "fast-check";
import {
  LengthHistogram,
  type Packing,
  type PackOptions,
  pack,
  packSync,
  planSync,
  strategies,
} from "../../index.js";

const names = strategies().map(({ name }) => name);

function told(packing: Packing): unknown {
  const { time: _, ...figures } = packing.stats();
  return { ...packing, figures };
}

async function same(
  t: { deepEqual: (a: unknown, b: unknown) => unknown },
  lengths: number[],
  options: PackOptions,
): Promise<void> {
  const array = Uint32Array.from(lengths);
  t.deepEqual(told(packSync(array, options)), told(await pack(array, options)));
}

test("a packing and its figures are those of a job, for every strategy and policy", async (t) => {
  const law = fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 300 }),
    fc.record({
      capacity: fc.integer({ min: 1, max: 50 }),
      strategy: fc.constantFrom(...names),
      overlong: fc.constantFrom("drop", "truncate", "truncate-start", "split"),
      empty: fc.constant("drop"),
      seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      maxSequencesPerPack: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    }) as fc.Arbitrary<PackOptions>,
    (lengths, options) => same(t, lengths, options),
  );
  await fc.assert(law, { numRuns: 300 });
});

test("loads, fixed counts, tolerances and alignments come out as in a job", async (t) => {
  const lengths = Array.from({ length: 500 }, (_, at) => 1 + ((at * 7919) % 97));
  for (const options of [
    { capacity: 128, objective: "maxLoad", cost: { linear: 1, quadratic: 2 } },
    { capacity: 128, packCount: 300 },
    { capacity: 128, packCountMultipleOf: 64, sequenceAlignment: 8 },
    { capacity: 128, strategy: "bfd", tolerance: 9, seed: 5 },
    { capacity: 128, strategy: "optimal", effort: 0.1 },
    { capacity: 128, strategy: "harmonic", harmonicClasses: 3 },
  ] as PackOptions[])
    await same(t, lengths, options);
});

test("at the border between one call and two nothing changes", async (t) => {
  for (const n of [16_383, 16_384, 16_385]) {
    const lengths = Array.from({ length: n }, (_, at) => 1 + ((at * 7919) % 300));
    await same(t, lengths, { capacity: 512, strategy: "best-fit-decreasing" });
  }
});

test("sequences that are split into more pieces than one call brings come in two", async (t) => {
  await same(t, [3_000_000, 7, 0], { capacity: 10, overlong: "split", empty: "drop" });
});

test("arrays of a small packing are its own: later calls don't change them", (t) => {
  const lengths = Array.from({ length: 1000 }, (_, at) => 1 + (at % 90));
  const first = packSync(lengths, { capacity: 100 });
  const copy = structuredClone({ ...first });
  const figures = first.stats();
  packSync([1, 2, 3], { capacity: 3 });
  packSync([...lengths].reverse(), { capacity: 110 });
  t.deepEqual({ ...first }, copy);
  t.deepEqual(first.stats(), figures);
  t.is(new Set([first.offsets.buffer, first.sequences.buffer, first.dropped.buffer]).size, 3);
});

test("a call over many sequences gives the same bytes for any number of threads", (t) => {
  const lengths = Uint32Array.from({ length: 600_000 }, (_, at) => 1 + ((at * 7919) % 2039));
  for (const strategy of ["best-fit-decreasing", "first-fit", "next-fit"]) {
    const one = packSync(lengths, { capacity: 2048, strategy, threads: 1 });
    for (const threads of [2, 7, undefined])
      t.deepEqual(told(packSync(lengths, { capacity: 2048, strategy, threads })), told(one));
  }
  const plan = planSync(LengthHistogram.from(lengths), { capacity: 2048 });
  const one = plan.assign(lengths, { threads: 1 });
  for (const threads of [2, 7, undefined])
    t.deepEqual(told(plan.assign(lengths, { threads })), told(one));
  t.throws(() => plan.assign(lengths, { threads: 0 }), { code: "ERR_OPTION" });
});

test("a call over many sequences doesn't wait for jobs", async (t) => {
  const lengths = Uint32Array.from({ length: 600_000 }, (_, at) => 1 + ((at * 7919) % 2039));
  const controller = new AbortController();
  const { signal } = controller;
  // Jobs that would run for minutes hold every thread of the pool.
  const busy = Array.from({ length: 8 }, () =>
    pack(lengths, {
      capacity: 100_003,
      strategy: "optimal",
      effort: 1e6,
      overlong: "drop",
      signal,
    }),
  );
  const ended = Promise.allSettled(busy);
  const alone = packSync(lengths, { capacity: 2048, strategy: "bfd", threads: 1 });
  t.deepEqual(told(packSync(lengths, { capacity: 2048, strategy: "bfd" })), told(alone));
  controller.abort();
  const outcomes = await ended;
  t.true(outcomes.some(({ status }) => status === "rejected"));
});
