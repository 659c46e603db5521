// Synchronous calls while jobs use every native thread: the JavaScript thread never waits for them.
import test from "ava";
import {
  collate,
  LengthHistogram,
  LengthIndex,
  type Packing,
  packSync,
  plan as planned,
  planSync,
  sequenceLengths,
} from "../../index.js";

/** Jobs on every thread that would take hours: a test that waited for one would never end. */
function occupy(): () => Promise<void> {
  const lengths = Uint32Array.from({ length: 4000 }, (_, at) => 2000 + ((at * 7919) % 6000));
  const histogram = LengthHistogram.from(lengths);
  const leave = Array.from({ length: 17 }, () => new AbortController());
  const jobs = leave.map(({ signal }) => {
    const options = { capacity: 16_384, strategy: "optimal", effort: 10_000, signal } as const;
    return planned(histogram, options).catch(() => undefined);
  });
  return async () => {
    for (const controller of leave) controller.abort();
    await Promise.all(jobs);
  };
}

/** More than a million places, and more sequences than are worth other threads. */
function input(): { packing: Packing; tokens: { values: Int32Array; offsets: Int32Array } } {
  const count = 600_000;
  const offsets = Int32Array.from({ length: count + 1 }, (_, at) => 2 * at + (at >> 1));
  const values = Int32Array.from({ length: offsets[count] as number }, (_, at) => at);
  const tokens = { values, offsets };
  return { packing: packSync(sequenceLengths(tokens), { capacity: 64 }), tokens };
}

test("rows, indexes and epochs are the same bytes while jobs use every thread", async (t) => {
  const { packing, tokens } = input();
  const lengths = sequenceLengths(tokens);
  const plan = planSync(LengthHistogram.from(lengths), { capacity: 64 });
  const results = (): unknown[] => {
    const index = new LengthIndex(lengths);
    const { offsets, sequences } = plan.epoch(index, { seed: 1, epoch: 0 }).toPacking();
    return [collate(packing, tokens), index.buffers(), offsets, sequences];
  };
  const alone = results();
  const leave = occupy();
  await new Promise((resolve) => setTimeout(resolve, 50)); // until the jobs have begun
  const beside = results();
  await leave();
  const bytes = (value: unknown): Buffer[] =>
    Object.values(value as object).flatMap((part: unknown) =>
      ArrayBuffer.isView(part)
        ? [Buffer.from(part.buffer, part.byteOffset, part.byteLength)]
        : typeof part === "object"
          ? bytes(part)
          : [],
    );
  const [first, second] = [bytes(alone), bytes(beside)];
  t.true(first.length > 10);
  t.is(first.length, second.length);
  for (const [at, part] of first.entries()) t.true(part.equals(second[at] as Buffer), String(at));
});

test("jobs begin and end beside synchronous calls that take all threads in turn", async (t) => {
  const { packing, tokens } = input();
  const histogram = LengthHistogram.from([5, 3, 5, 7]);
  const jobs: Promise<number>[] = [];
  for (let round = 0; round < 6; round++) {
    jobs.push(planned(histogram, { capacity: 10 }).then((found) => found.packCount));
    t.is(collate(packing, tokens).rowCount, packing.packCount);
    if (round % 2 === 1) await jobs.at(-1);
  }
  t.deepEqual(await Promise.all(jobs), [2, 2, 2, 2, 2, 2]);
});
