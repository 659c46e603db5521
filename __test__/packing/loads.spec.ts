// Equal loads: exactly k packs, the largest load near a proved bound.

import test from "ava";
import {
  type ErrorCode,
  LengthHistogram,
  Packing,
  Plan,
  pack,
  packSync,
  plan,
  planSync,
  type StowageError,
} from "../../index.js";

/** Long-tailed lengths, the same on every run. */
function rollouts(count: number): number[] {
  let state = 1;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return Array.from({ length: count }, () => {
    const product = [1, 2, 3, 4].reduce((length) => length * (0.3 + 1.8 * next()), 3000);
    return Math.min(32768, Math.max(16, Math.floor(product)));
  });
}

const load = (
  lengths: readonly number[],
  pack: Iterable<number>,
  cost = { linear: 1, quadratic: 0 },
) =>
  [...pack].reduce(
    (sum, at) => sum + cost.linear * lengths[at]! + cost.quadratic * lengths[at]! ** 2,
    0,
  );

test("there are exactly as many packs as asked for, and their loads are those told", (t) => {
  const lengths = rollouts(300);
  for (const cost of [undefined, { linear: 24576, quadratic: 1 }]) {
    const packing = packSync(lengths, {
      objective: "maxLoad",
      packCount: 24,
      ...(cost !== undefined && { cost }),
    });
    packing.verify(lengths);
    const loads = Array.from(packing, (pack) => load(lengths, pack, cost));
    t.is(packing.packCount, 24);
    t.is(packing.maxLoad, Math.max(...loads));
    t.is(packing.minLoad, Math.min(...loads));
    t.deepEqual(
      loads,
      [...loads].sort((a, b) => b - a),
      "by falling load",
    );
    const sum = lengths.reduce((sum, _, at) => sum + load(lengths, [at], cost), 0);
    t.true(packing.loadBound! >= Math.ceil(sum / 24));
    t.true(
      packing.maxLoad! <= packing.loadBound! * 1.0005,
      `${packing.maxLoad} ${packing.loadBound}`,
    );
    const { maxLoad, minLoad, loadBound, stopped } = packing.stats();
    t.deepEqual(
      [maxLoad, minLoad, loadBound],
      [packing.maxLoad, packing.minLoad, packing.loadBound],
    );
    t.true(["bound", "content", "spent"].includes(stopped!));
    const shuffled = packing.shuffled(1);
    t.is(shuffled.maxLoad, packing.maxLoad);
    const { minLoad: _, ...parts } = structuredClone({ ...packing });
    t.is(Packing.from(structuredClone({ ...packing })).loadBound, packing.loadBound);
    t.throws(() => Packing.from(parts), { code: "ERR_INVALID_PACKING" });
  }
});

test("without a capacity a packing's is the tokens of its fullest pack", (t) => {
  const lengths = rollouts(64);
  const packing = packSync(lengths, { objective: "maxLoad", packCount: 8 });
  t.is(packing.maxLoad, packing.capacity);
  t.is(packing.lowerBound, 8);
});

test("without a number of packs there are as few as for the objective packs, with loads as equal", (t) => {
  const lengths = rollouts(200);
  const capacity = 40_000;
  const fewest = packSync(lengths, { capacity });
  const balanced = packSync(lengths, { capacity, objective: "maxLoad" });
  const most = Math.max(...Array.from(fewest, (pack) => load(lengths, pack)));
  t.is(balanced.packCount, fewest.packCount);
  t.true(balanced.maxLoad! <= most);
  t.is(balanced.capacity, capacity);
});

test("a pack above the capacity is never returned, whatever the loads", (t) => {
  const lengths = rollouts(200);
  const capacity = 40_000;
  const options = { capacity, objective: "maxLoad", cost: { linear: 0, quadratic: 1 } } as const;
  const packCount = packSync(lengths, { capacity }).packCount + 1;
  const packing = packSync(lengths, { ...options, packCount });
  t.is(packing.packCount, packCount);
  packing.verify(lengths);
  t.true(Array.from(packing, (pack) => load(lengths, pack)).every((tokens) => tokens <= capacity));
});

test("equal counts put equally many sequences in every pack", (t) => {
  const lengths = rollouts(96);
  const packing = packSync(lengths, { objective: "maxLoad", packCount: 12, equalCounts: true });
  t.true([...packing].every((pack) => pack.length === 8));
});

test("plans, jobs and packings agree, and a plan proves its loads after a round trip as JSON", async (t) => {
  const lengths = rollouts(200);
  const histogram = LengthHistogram.from(lengths);
  for (const cost of [
    { linear: 1, quadratic: 0 },
    { linear: 3, quadratic: 2 },
  ]) {
    const options = { objective: "maxLoad", packCount: 16, cost } as const;
    const planned = planSync(histogram, options);
    const again = Plan.fromJSON(JSON.parse(JSON.stringify(planned)));
    again.verify(histogram);
    t.is(again.id, planned.id);
    t.is(again.maxLoad, planned.maxLoad);
    t.is(planned.toJSON().version, 2);
    t.is((await plan(histogram, { ...options, threads: 3 })).id, planned.id);
    const packing = await pack(lengths, options);
    t.is(packing.maxLoad, planned.maxLoad);
    t.deepEqual(planned.assign(lengths).toArrays(), packing.toArrays());
  }
});

test("a plan whose loads, bound or proof were changed is refused", (t) => {
  const lengths = rollouts(60);
  const histogram = LengthHistogram.from(lengths);
  const json = planSync(histogram, { objective: "maxLoad", packCount: 7 }).toJSON();
  const changes: Record<string, object> = {
    maxLoad: { maxLoad: json.maxLoad! - 1 },
    minLoad: { minLoad: json.minLoad! + 1 },
    loadBound: { loadBound: json.loadBound! + 1 },
    version: { version: 1 },
    proof: { loadCertificate: { ...json.loadCertificate, packWeight: 3 } },
    order: { templates: [...json.templates].reverse() },
  };
  for (const [name, change] of Object.entries(changes)) {
    const error = t.throws(
      () => Plan.fromJSON({ ...json, ...change }).verify(histogram),
      undefined,
      name,
    );
    t.is((error as StowageError).code, "ERR_INVALID_PLAN", name);
  }
});

test("options that don't go together are refused with the way out", (t) => {
  const lengths = [5, 3, 5, 7];
  const refused = (options: object): StowageError =>
    t.throws(() => packSync(lengths, options as never)) as unknown as StowageError;
  const objective = "maxLoad";
  const cases: [object, ErrorCode, RegExp][] = [
    [{ objective }, "ERR_OPTION", /packCount/],
    [{ objective, packCount: 5 }, "ERR_OPTION", /5 .*4/],
    [{ objective, packCount: 0 }, "ERR_OPTION", /packCount 0/],
    [{ objective, packCount: 3, equalCounts: true }, "ERR_OPTION", /4 and 3/],
    [{ objective, packCount: 1, maxSequencesPerPack: 3 }, "ERR_OPTION", /3/],
    [{ objective, packCount: 1, capacity: 10 }, "ERR_OPTION", /2 packs/],
    [{ objective, packCount: 2, strategy: "best-fit-decreasing" }, "ERR_STRATEGY", /'auto'/],
    [{ objective, packCount: 2, cost: { linear: 0, quadratic: 0 } }, "ERR_OPTION", /cost/],
    [{ objective, packCount: 2, cost: { linear: 0.5, quadratic: 0 } }, "ERR_OPTION", /integer/],
    [{ objective: "minLoad", capacity: 10 }, "ERR_OPTION", /maxLoad/],
    [{ capacity: 10, cost: { linear: 1, quadratic: 0 } }, "ERR_OPTION", /maxLoad/],
    [{ capacity: 10, equalCounts: true }, "ERR_OPTION", /maxLoad/],
  ];
  for (const [options, code, message] of cases) {
    const error = refused(options);
    t.is(error.code, code, JSON.stringify(options));
    t.regex(error.message, message, JSON.stringify(options));
  }
});
