// Shards of an epoch: one rank's packs, cursors, and ranks that come and go.

import test from "ava";
import fc from "fast-check";
import { type Epoch, LengthHistogram, LengthIndex, planSync, seedFrom } from "../../index.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const lengths = numbers(400).map((i) => 1 + Number(seedFrom(i, 1) % 30n));

/** An epoch whose packs divide among `ranks`. */
function someEpoch(ranks: number, order: "shuffled" | "balanced" = "shuffled"): Epoch {
  const plan = planSync(LengthHistogram.from(lengths), {
    capacity: 30,
    packCountMultipleOf: ranks,
  });
  const options = order === "balanced" ? { order, worldSize: ranks } : { order };
  return plan.epoch(new LengthIndex(lengths), { seed: 5, epoch: 0, ...options });
}

test("shards share the packs of an epoch, and resume at every cursor", (t) => {
  const epoch = someEpoch(12);
  const all = Array.from(epoch, String);
  for (const worldSize of [1, 2, 3, 4, 6, 12]) {
    const shards = numbers(worldSize).map((rank) => epoch.shard({ rank, worldSize }));
    const steps = shards.map((shard) => Array.from(shard, String));
    t.true(shards.every(({ steps: count }) => count === epoch.packCount / worldSize));
    t.deepEqual(
      all,
      numbers(all.length).map((k) => steps[k % worldSize]![Math.floor(k / worldSize)]!),
    );
    for (let cursor = 0; cursor <= all.length; cursor += worldSize) {
      const rest = numbers(worldSize).map((rank) => [
        ...epoch.shard({ rank, worldSize }).from(cursor),
      ]);
      const resumed = numbers(all.length - cursor).map((k) =>
        String(rest[k % worldSize]![Math.floor(k / worldSize)]!),
      );
      t.deepEqual(resumed, all.slice(cursor));
    }
  }
});

test("a cursor stored in the loop counts the step, and fits another number of ranks", (t) => {
  const epoch = someEpoch(12);
  const seen: string[] = [];
  const four = numbers(4).map((rank) => epoch.shard({ rank, worldSize: 4 }));
  const iterators = four.map((shard) => shard[Symbol.iterator]());
  for (let step = 0; step < 3; step++)
    for (const iterator of iterators) seen.push(String(iterator.next().value));
  t.true(four.every((shard) => shard.cursor === 12));
  const six = numbers(6).map((rank) => [...epoch.shard({ rank, worldSize: 6 }).from(12)]);
  for (let step = 0; step < six[0]!.length; step++)
    for (const rank of six) seen.push(String(rank[step]));
  t.deepEqual(seen, Array.from(epoch, String));
});

test("shards that can't be even are refused with the numbers and the way out", (t) => {
  const epoch = someEpoch(8);
  const refused = (call: () => unknown, message: RegExp): void => {
    t.throws(call, { code: "ERR_OPTION", message });
  };
  refused(
    () => epoch.shard({ rank: 0, worldSize: epoch.packCount - 1 }),
    new RegExp(
      `${epoch.packCount} packs .* worldSize ${epoch.packCount - 1}.*packCountMultipleOf.*dropLast`,
    ),
  );
  t.is(epoch.shard({ rank: 0, worldSize: epoch.packCount - 1, dropLast: true }).steps, 1);
  refused(() => epoch.shard({ rank: 4, worldSize: 4 }), /`rank` must be an integer 0 .. 3, got 4/);
  refused(() => epoch.shard({ rank: 0, worldSize: 4 }).from(6), /multiple of worldSize 4.*got 6/);
  refused(() => epoch.shard({ rank: 0, worldSize: 4 }).packAt(-1), /`step` must be/);
  const balanced = someEpoch(8, "balanced");
  refused(() => balanced.shard({ rank: 0, worldSize: 4 }), /balanced for worldSize 8, not 4/);
});

test("however often the number of ranks changes, each pack is drawn once and in order", (t) => {
  const epoch = someEpoch(12);
  const all = Array.from(epoch, String);
  const worldSizes = fc.constantFrom(1, 2, 3, 4, 6, 12);
  const law = fc.property(
    fc.array(fc.tuple(worldSizes, fc.nat(20)), { maxLength: 8 }),
    (restarts) => {
      const drawn: string[] = [];
      for (const [worldSize, steps] of [...restarts, [1, all.length] as const]) {
        if (drawn.length % worldSize !== 0) continue; // no step boundary of that many ranks
        const ranks = numbers(worldSize).map((rank) =>
          epoch.shard({ rank, worldSize }).from(drawn.length),
        );
        const iterators = ranks.map((shard) => shard[Symbol.iterator]());
        for (let step = 0; step < steps && drawn.length < all.length; step++)
          for (const iterator of iterators) drawn.push(String(iterator.next().value));
        t.true(ranks.every(({ cursor }) => cursor === drawn.length));
      }
      t.deepEqual(drawn, all);
    },
  );
  fc.assert(law, { numRuns: 200 });
});

test("without the last packs every rank has the same steps, and only they are left out", (t) => {
  const epoch = someEpoch(1);
  const all = Array.from(epoch, String);
  for (let worldSize = 1; worldSize <= 40; worldSize++) {
    const ranks = numbers(worldSize).map((rank) =>
      epoch.shard({ rank, worldSize, dropLast: true }),
    );
    const steps = Math.floor(all.length / worldSize);
    t.true(ranks.every((shard) => shard.steps === steps));
    const drawn = numbers(steps * worldSize).map((k) =>
      String(ranks[k % worldSize]!.packAt(Math.floor(k / worldSize))),
    );
    t.deepEqual(drawn, all.slice(0, steps * worldSize));
  }
});
