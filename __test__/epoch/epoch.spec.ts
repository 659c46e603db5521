import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import test from "ava";
import fc from "fast-check";
import {
  type Epoch,
  type EpochOptions,
  LengthHistogram,
  LengthIndex,
  type LengthIndexBuffers,
  type PackOptions,
  type Plan,
  planSync,
  seedFrom,
} from "../../index.js";
import { permute, seedAfter } from "../models/permutation.js";

interface Setting {
  lengths: number[];
  plan: Plan;
  index: LengthIndex;
}

function setting(lengths: number[], options: Partial<PackOptions> = {}): Setting {
  const all: PackOptions = { capacity: 30, empty: "drop", overlong: "drop", ...options };
  const plan = planSync(LengthHistogram.from(lengths), all);
  return { lengths, plan, index: new LengthIndex(lengths) };
}

const someLengths = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 30 }) },
    { weight: 2, arbitrary: fc.integer({ min: 25, max: 95 }) },
  ),
  { maxLength: 120 },
);
const anyCut = fc.constantFrom("drop", "truncate", "truncate-start", "split");
type Ordering = Pick<EpochOptions, "order" | "worldSize">;
const anyOrder: fc.Arbitrary<Ordering> = fc.oneof(
  fc.constantFrom<Ordering>({ order: "plan" }, { order: "shuffled" }, {}),
  fc.integer({ min: 1, max: 9 }).map((worldSize) => ({ order: "balanced" as const, worldSize })),
);
const anySeed = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Entries as text, so that packs with pieces can be compared and sorted. */
function entriesOf(epoch: Epoch, k: number): string[] {
  const pieces = epoch.piecesAt(k);
  return Array.from(epoch.packAt(k), (id, at) =>
    pieces ? `${id}:${pieces.starts[at]}+${pieces.lengths[at]}` : `${id}`,
  );
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

function mixed(count: number, longest: number): number[] {
  return numbers(count).map((i) => 1 + Number(seedFrom(i, 1) % BigInt(longest)));
}

test("every epoch is a sound packing of all sequences, whatever its order and policies", (t) => {
  const law = fc.property(
    someLengths,
    anyCut,
    anyOrder,
    anySeed,
    fc.nat(5),
    (lengths, overlong, order, seed, number) => {
      const { plan, index } = setting(lengths, { overlong });
      const epoch = plan.epoch(index, { seed, epoch: number, ...order });
      t.is(epoch.packCount, plan.packCount);
      const packing = epoch.toPacking();
      packing.verify(lengths);
      t.deepEqual({ ...packing.stats(), time: null }, { ...plan.stats(), time: null });
    },
  );
  fc.assert(law, { numRuns: 200 });
});

test("packAt and piecesAt give the packs of toPacking, and so does any range", (t) => {
  const law = fc.property(
    someLengths,
    anyCut,
    anyOrder,
    fc.nat(),
    fc.nat(),
    (lengths, overlong, order, a, b) => {
      const { plan, index } = setting(lengths, { overlong });
      const epoch = plan.epoch(index, { seed: 3, epoch: 1, ...order });
      const [from, to] = [a % (epoch.packCount + 1), b % (epoch.packCount + 1)];
      const [start, end] = [Math.min(from, to), Math.max(from, to)];
      const packing = epoch.toPacking({ start, end });
      t.is(packing.packCount, end - start);
      for (let k = start; k < end; k++) {
        const bounds = [packing.offsets[k - start], packing.offsets[k - start + 1]];
        t.deepEqual(epoch.packAt(k), packing.packAt(k - start).slice());
        const { starts, lengths: sizes } = packing.pieces ?? {};
        t.deepEqual(epoch.piecesAt(k)?.starts, starts?.slice(...bounds));
        t.deepEqual(epoch.piecesAt(k)?.lengths, sizes?.slice(...bounds));
      }
      t.deepEqual([...epoch].map(String), [...epoch.toPacking()].map(String));
    },
  );
  fc.assert(law, { numRuns: 100 });
});

test("packs in plan order have the lengths of their templates", (t) => {
  const lengths = mixed(3000, 30);
  const { plan, index } = setting(lengths);
  const epoch = plan.epoch(index, { seed: 9, epoch: 2, order: "plan" });
  let k = 0;
  for (const { lengths: planned, multiplicity } of plan.templates()) {
    for (let pack = 0; pack < multiplicity; pack++, k++) {
      t.deepEqual(
        epoch.packAt(k).map((id) => lengths[id]!),
        planned,
      );
    }
  }
  t.is(k, epoch.packCount);
});

test("ids and packs stand where an independent permutation puts them", (t) => {
  for (const count of [1, 2, 7, 12, 13, 40, 300, 3000, 70_000]) {
    const lengths = new Array<number>(count).fill(6);
    const { plan, index } = setting(lengths);
    const [seed, epoch] = [2n ** 63n + 5n, 3];
    const ids = seedFrom(seed, epoch, 4, 6);
    const { packCount } = plan;
    const inPlanOrder = plan.epoch(index, { seed, epoch, order: "plan" });
    const shuffled = plan.epoch(index, { seed, epoch });
    const some = [0, 1, 2, 3, count >> 2, packCount - 2, packCount - 1];
    for (const k of some.filter((k) => k >= 0 && k < packCount)) {
      const slots = numbers(5).map((at) => BigInt(5 * k + at));
      const real = slots.filter((slot) => slot < count);
      const expected = real.map((slot) => Number(permute(slot, BigInt(count), ids)));
      t.deepEqual([...inPlanOrder.packAt(k)], expected, `pack ${k} of ${count} sequences`);
      const pack = permute(BigInt(k), BigInt(packCount), seedFrom(seed, epoch, 5));
      t.deepEqual(shuffled.packAt(k), inPlanOrder.packAt(Number(pack)));
    }
  }
});

test("the published vectors of the permutation come out of the independent one", (t) => {
  // The native one is compared with the same table in crates/engine/tests/permutation.rs.
  const page = readFileSync(join(import.meta.dirname, "../../docs/epochs.md"), "utf8");
  const [, key] = /`key = seedFrom\(42, 0, 4, 100\) = (0x[0-9a-f]+)`/.exec(page) ?? [];
  t.is(seedFrom(42, 0, 4, 100), BigInt(key ?? 0));
  t.is(seedAfter(seedFrom(42, 0, 4), 100n), BigInt(key ?? 0));
  const [, table = ""] = page.split("| images of 0, 1, 2, floor(n/2), n-1 |\n|---|---|\n");
  const rows = table.split("\n\n")[0]!.split("\n");
  t.is(rows.length, 15);
  for (const row of rows) {
    const [n = 0n, ...images] = (row.match(/\d+/g) ?? []).map(BigInt);
    const points = [0n, 1n, 2n, n / 2n, n - 1n];
    t.deepEqual(
      points.map((x) => permute(x, n, BigInt(key ?? 0))),
      images,
    );
  }
});

test("a balanced step is a group of packs next to each other by cost", (t) => {
  const { plan, index, lengths } = setting(mixed(997, 30));
  for (const worldSize of [1, 3, 8]) {
    const epoch = plan.epoch(index, { seed: 1, epoch: 4, order: "balanced", worldSize });
    const costs = Array.from(epoch, (pack) => pack.reduce((sum, id) => sum + lengths[id]! ** 2, 0));
    const byCost = costs.slice().sort((a, b) => b - a);
    const groups = (list: readonly number[]): string[] => {
      const starts = numbers(Math.ceil(list.length / worldSize)).map((step) => step * worldSize);
      return starts.map((at) => String(list.slice(at, at + worldSize).sort((a, b) => b - a)));
    };
    t.deepEqual(groups(costs).sort(), groups(byCost).sort());
    if (costs.length % worldSize !== 0)
      t.is(groups(costs).at(-1), groups(byCost).at(-1), "a short group stands last");
  }
});

test("balance tells what the orders of an epoch are worth", (t) => {
  const { plan, index, lengths } = setting(mixed(4000, 30), { packCountMultipleOf: 8 });
  const found = plan.balance({ worldSize: 8, exact: true });
  const share = (order: "shuffled" | "balanced"): number => {
    const epoch = plan.epoch(index, { seed: 0, epoch: 0, order, worldSize: 8 });
    const costs = Array.from(epoch, (pack) => pack.reduce((sum, id) => sum + lengths[id]! ** 2, 0));
    let [useful, spent] = [0, 0];
    for (let at = 0; at < costs.length; at += 8) {
      const step = costs.slice(at, at + 8);
      useful += step.reduce((a, b) => a + b);
      spent += 8 * Math.max(...step);
    }
    return useful / spent;
  };
  t.true(Math.abs(found.shuffled.usefulShare - share("shuffled")) < 1e-12);
  t.true(Math.abs(found.balanced.usefulShare - share("balanced")) < 1e-12);
  t.true(found.balanced.usefulShare > 0.99 && found.shuffled.usefulShare < 0.9);
  t.true(Math.abs(found.balanced.correlation!) < 0.3);
  // From the templates: the same groups, and what shuffled orders give on average.
  const quick = plan.balance({ worldSize: 8 });
  t.true(Math.abs(quick.balanced.usefulShare - found.balanced.usefulShare) < 1e-12);
  const seeds = Array.from(
    { length: 20 },
    (_, seed) => plan.balance({ worldSize: 8, exact: true, seed }).shuffled.usefulShare,
  );
  const mean = seeds.reduce((a, b) => a + b) / seeds.length;
  t.true(
    Math.abs(quick.shuffled.usefulShare - mean) < 0.005,
    `${quick.shuffled.usefulShare} ${mean}`,
  );
  t.deepEqual(Object.keys(quick.shuffled), ["usefulShare"]);
});

test("bad options are refused by name", (t) => {
  const { plan, index } = setting([5, 7]);
  const refused = (options: object, message: RegExp): void => {
    t.throws(() => plan.epoch(index, options as EpochOptions), { code: "ERR_OPTION", message });
  };
  refused({ epoch: 0 }, /`seed` must be/);
  refused({ seed: 0 }, /`epoch` must be an integer >= 0/);
  refused({ seed: 0, epoch: -1 }, /`epoch` must be an integer >= 0.*got -1/);
  refused({ seed: 0, epoch: 0, order: "balance" }, /did you mean 'balanced'/);
  refused({ seed: 0, epoch: 0, order: "balanced" }, /needs `worldSize`/);
  refused({ seed: 0, epoch: 0, cost: { linear: -1, quadratic: 1 } }, /`cost.linear` must be/);
  refused({ seed: 0, epoch: 0, Seed: 1 }, /unknown option 'Seed'; did you mean 'seed'/);
  t.throws(() => plan.epoch([5, 7] as never, { seed: 0, epoch: 0 }), {
    code: "ERR_OPTION",
    message: /must be a LengthIndex, got an array; use new LengthIndex/,
  });
  const epoch = plan.epoch(index, { seed: 0, epoch: 0 });
  for (const k of [-1, 0.5, epoch.packCount, "0"])
    t.throws(() => epoch.packAt(k as number), { code: "ERR_OPTION", message: /number of a pack/ });
  t.throws(() => epoch.toPacking({ start: 1, end: 0 }), { code: "ERR_OPTION" });
  t.throws(() => plan.balance({} as never), { code: "ERR_OPTION", message: /`worldSize`/ });
  const unread = { code: "ERR_OPTION", message: /`seed` chooses one order.*exact: true/ };
  t.throws(() => plan.balance({ worldSize: 2, seed: 1 }), unread);
});

test("an index of other lengths is refused by the first length that differs", (t) => {
  const { plan } = setting([5, 7, 7]);
  t.throws(() => plan.epoch(new LengthIndex([5, 5, 7]), { seed: 0, epoch: 0 }), {
    code: "ERR_HISTOGRAM_MISMATCH",
    message: /1 sequences of length 5, 2 were given/,
  });
});

test("an index groups ids by length, and its buffers make it again", (t) => {
  const law = fc.property(someLengths, fc.boolean(), (lengths, shared) => {
    const index = new LengthIndex(lengths);
    const parts = index.buffers({ shared });
    const sorted = numbers(lengths.length).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
    t.deepEqual([...parts.sequences], sorted);
    t.is(parts.sequences.buffer instanceof SharedArrayBuffer, shared);
    t.deepEqual(LengthIndex.from(structuredClone(parts)).buffers(), parts);
    t.is(index.sequenceCount, lengths.length);
  });
  fc.assert(law, { numRuns: 50 });
});

test("buffers that don't fit together are refused", (t) => {
  const good = (): LengthIndexBuffers => ({
    lengths: Uint32Array.of(3, 5),
    starts: Uint32Array.of(0, 1, 3),
    sequences: Uint32Array.of(1, 0, 2),
  });
  t.is(LengthIndex.from(good()).sequenceCount, 3);
  const refused = (change: Partial<LengthIndexBuffers>, message: RegExp): void => {
    t.throws(() => LengthIndex.from({ ...good(), ...change }), { code: "ERR_FORMAT", message });
  };
  refused({ lengths: Uint32Array.of(5, 3) }, /lengths\[1\] is 3 after 5/);
  refused({ starts: Uint32Array.of(0, 3) }, /2 lengths need 3 starts, got 2/);
  refused({ starts: Uint32Array.of(0, 1, 2) }, /starts end at 2, but there are 3/);
  refused({ starts: Uint32Array.of(1, 1, 3) }, /starts\[0\] must be 0/);
  refused({ starts: Uint32Array.of(0, 0, 3) }, /no sequence has lengths\[0\]/);
  refused({ sequences: Uint32Array.of(1, 2, 0) }, /sequences\[2\] is 0 after 2/);
  refused({ sequences: Uint32Array.of(1, 1, 2) }, /sequence 1 stands in it twice/);
  refused({ sequences: Uint32Array.of(1, 0, 3) }, /sequences\[2\] is 3 of 3/);
  refused({ lengths: [3, 5] as never }, /`lengths` must be a Uint32Array/);
});

test("eight workers over one shared index give the packs of toPacking, in random order", async (t) => {
  const { plan, index } = setting(mixed(5000, 95), { overlong: "split" });
  const options = { seed: 77, epoch: 6 };
  const expected = plan.epoch(index, options).toPacking();
  const order = numbers(expected.packCount).sort(
    (a, b) => Number(seedFrom(a) - seedFrom(b) > 0n) - 0.5,
  );
  const workerData = {
    json: plan.toJSON(),
    parts: index.buffers({ shared: true }),
    options,
    order,
  };
  const code = `
    const { workerData, parentPort, threadId } = require("node:worker_threads");
    const { Plan, LengthIndex } = require(${JSON.stringify(join(import.meta.dirname, "../../index.js"))});
    const { parts } = workerData;
    const index = LengthIndex.from(parts);
    const oneCopy = index.buffers().sequences.buffer === parts.sequences.buffer && parts.sequences.buffer instanceof SharedArrayBuffer;
    const epoch = Plan.fromJSON(workerData.json).epoch(index, workerData.options);
    const mine = workerData.order.filter((_, at) => at % 4 === workerData.rank % 4);
    parentPort.postMessage([mine.map((k) => [k, epoch.packAt(k), epoch.piecesAt(k)]), oneCopy]);`;
  const workers = numbers(8).map(
    (rank) => new Worker(code, { eval: true, workerData: { ...workerData, rank } }),
  );
  const answers = await Promise.all(workers.map((worker) => once(worker, "message")));
  for (const [[packs, oneCopy]] of answers) {
    t.true(oneCopy);
    for (const [k, ids, pieces] of packs) {
      t.deepEqual(ids, expected.packAt(k).slice());
      const bounds = [expected.offsets[k], expected.offsets[k + 1]];
      t.deepEqual(pieces.starts, expected.pieces?.starts.slice(...bounds));
    }
  }
  t.is(answers.flatMap(([[packs]]) => packs).length, 2 * expected.packCount);
});

test("the same seed and epoch give the same packs, another one others", (t) => {
  const { plan, index } = setting(mixed(2000, 30));
  const packs = (seed: number | bigint, epoch: number): string =>
    String(plan.epoch(index, { seed, epoch }).toPacking().sequences);
  t.is(packs(1, 0), packs(1n, 0));
  t.not(packs(1, 0), packs(1, 1));
  t.not(packs(1, 0), packs(2, 0));
});

test("pieces of one sequence are told apart in every order", (t) => {
  const { plan, index } = setting([95, 5, 61], { overlong: "split" });
  const epoch = plan.epoch(index, { seed: 2, epoch: 1 });
  const entries = numbers(epoch.packCount).flatMap((k) => entriesOf(epoch, k));
  t.deepEqual(entries.sort(), [
    "0:0+30",
    "0:30+30",
    "0:60+30",
    "0:90+5",
    "1:0+5",
    "2:0+30",
    "2:30+30",
    "2:60+1",
  ]);
});
