// What an asynchronous call promises: aborts, progress, inputs that change, a free event loop.
import { getEventListeners } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import test from "ava";
import { LengthHistogram, type Progress, pack, packSync, plan } from "../../index.js";
import { logNormal, sameBytes } from "../fixtures/generate.js";

const many = logNormal(6_000_000, 245, 2048);
const options = { capacity: 2048, strategy: "best-fit" };

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "nothing was thrown",
    (error: unknown) => error,
  );
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.serial("an aborted signal rejects with its own reason before anything is read", async (t) => {
  const reason = { why: "not today" };
  const signal = AbortSignal.abort(reason);
  const lengths = new Proxy([5], {
    get: () => t.fail("the lengths were read"),
  });
  t.is(await caught(pack(lengths, { capacity: 8, signal })), reason);
  const histogram = LengthHistogram.from([5]);
  t.is(await caught(plan(histogram, { capacity: 8, signal })), reason);
});

test.serial("wrong options are refused even if the signal is aborted", async (t) => {
  const signal = AbortSignal.abort();
  await t.throwsAsync(pack([5], { capacity: 0, signal }), { code: "ERR_CAPACITY" });
});

test.serial("an abort while running rejects at once and leaves no listener", async (t) => {
  const controller = new AbortController();
  let running = 0;
  const job = pack(many, { ...options, signal: controller.signal, onProgress: () => running++ });
  while (running === 0) await pause(5);
  controller.abort();
  t.is(await caught(job), controller.signal.reason);
  t.is(getEventListeners(controller.signal, "abort").length, 0);
});

test.serial("an abort with a reason that isn't an error keeps it as it is", async (t) => {
  const controller = new AbortController();
  const job = pack(many, { ...options, signal: controller.signal });
  await pause(5);
  controller.abort("enough");
  t.is(await caught(job), "enough");
});

test.serial("an abort after the end changes nothing", async (t) => {
  const controller = new AbortController();
  const packing = await pack([5, 3], { capacity: 8, signal: controller.signal });
  t.is(getEventListeners(controller.signal, "abort").length, 0, "before the abort, too");
  controller.abort();
  t.deepEqual(packing.toArrays(), [[0, 1]]);
});

const stages = ["read", "count", "plan", "bind", "write", "verify"];

for (const strategy of ["best-fit", "best-fit-decreasing", "auto"])
  test.serial(`progress of ${strategy} never falls and ends at its total`, async (t) => {
    const seen: Progress[] = [];
    const start = performance.now();
    await pack(many, { capacity: 2048, strategy, onProgress: (progress) => seen.push(progress) });
    t.true(seen.length <= (performance.now() - start) / 100 + 2, "at most ten times a second");
    const last = seen.at(-1);
    t.is(last?.stage, "bind");
    t.is(last?.done, last?.total);
    t.is(last?.total, many.length);
    for (const [i, { stage, done, total }] of seen.entries()) {
      t.true(done >= 0 && done <= total, `${done} of ${total}`);
      const before = seen[i - 1];
      if (before === undefined) continue;
      t.true(stages.indexOf(stage) >= stages.indexOf(before.stage), "stages follow their order");
      if (stage === before.stage) t.true(done >= before.done, "done never falls");
    }
  });

test.serial("even a job too short to report ends with one call", async (t) => {
  const seen: Progress[] = [];
  await pack([5, 3], { capacity: 8, onProgress: (progress) => seen.push(progress) });
  t.is(seen.length, 1);
  t.like(seen[0], { stage: "bind", done: 2, total: 2 });
  await plan(LengthHistogram.from([5, 3]), {
    capacity: 8,
    onProgress: (progress) => seen.push(progress),
  });
  t.is(seen.at(-1)?.stage, "plan");
  t.is(seen.at(-1)?.done, seen.at(-1)?.total);
});

test.serial("a progress callback that throws stops the job with what it threw", async (t) => {
  const thrown = new Error("from the callback");
  const throws = (): never => {
    throw thrown;
  };
  t.is(await caught(pack(many, { ...options, onProgress: throws })), thrown);
  t.is(await caught(pack([5], { capacity: 8, onProgress: throws })), thrown);
});

test.serial("changing the input while the job runs has no effect", async (t) => {
  const lengths = many.slice(0, 2_000_000);
  const expected = packSync(lengths, options);
  const job = pack(lengths, options);
  lengths.fill(1);
  const packing = await job;
  t.true(sameBytes(packing.offsets, expected.offsets));
  t.true(sameBytes(packing.sequences, expected.sequences));
});

test.serial("transferring the input while the job runs has no effect", async (t) => {
  const lengths = many.slice(0, 2_000_000);
  const expected = packSync(lengths, { capacity: 2048 });
  const job = pack(lengths, { capacity: 2048 });
  structuredClone(lengths.buffer, { transfer: [lengths.buffer] });
  t.is(lengths.length, 0);
  const packing = await job;
  t.true(sameBytes(packing.sequences, expected.sequences));
});

test.serial(
  "a shared buffer that another thread writes to is copied before it is checked",
  async (t) => {
    const shared = new Uint32Array(new SharedArrayBuffer(4 * 100_000)).fill(7);
    const job = pack(shared, { capacity: 64 });
    shared.fill(0); // would be ERR_EMPTY_SEQUENCE
    t.is((await job).packCount, Math.ceil(100_000 / 9));
  },
);

test.serial("results may be transferred, and come back as a packing", async (t) => {
  const packing = await pack([5, 3, 5, 7], { capacity: 10 });
  const { offsets, sequences } = packing;
  const sent = structuredClone(
    { capacity: 10, offsets, sequences },
    {
      transfer: [offsets.buffer, sequences.buffer],
    },
  );
  t.is(offsets.length, 0, "the buffer has gone, since it was the packing's own");
  t.deepEqual([...sent.sequences], [3, 1, 0, 2]);
});

test.serial("the event loop turns while a job runs", async (t) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  delay.enable();
  await pack(many, options);
  delay.disable();
  clearInterval(timer);
  t.log(`longest stall ${(delay.max / 1e6).toFixed(1)} ms, ${turns} turns`);
  t.true(turns > 5);
});

test.serial("jobs side by side give what they give alone", async (t) => {
  const inputs = [1, 2, 3, 4, 5, 6].map((seed) => logNormal(50_000, 245, 2048, seed));
  const together = await Promise.all(inputs.map((lengths) => pack(lengths, { capacity: 2048 })));
  for (const [i, lengths] of inputs.entries())
    t.deepEqual(together[i]?.sequences, packSync(lengths, { capacity: 2048 }).sequences);
});
