// Classes given what they can't take: foreign receivers, places out of range, counts and histograms.
import test from "ava";
import { LengthHistogram, Packing, Plan, packSync, planSync, StowageError } from "../../index.js";
import { ten } from "../fixtures/input-cases.js";

test("classes called in the wrong way throw a TypeError of JavaScript and crash nothing", (t) => {
  const call = (f: unknown, self: unknown, ...args: unknown[]): unknown =>
    Reflect.apply(f as () => unknown, self, args);
  for (const f of [Packing, Plan, LengthHistogram])
    t.throws(() => call(f, undefined), { instanceOf: TypeError });
  for (const f of [Packing, Plan])
    t.throws(() => Reflect.construct(f as never, []), { instanceOf: TypeError });
  const stranger = {};
  for (const [prototype, name] of [
    [Packing.prototype, "verify"],
    [Packing.prototype, "stats"],
    [Plan.prototype, "templateAt"],
    [Plan.prototype, "assign"],
    [Plan.prototype, "verify"],
    [LengthHistogram.prototype, "add"],
    [LengthHistogram.prototype, "count"],
  ] as const) {
    const method = Reflect.get(prototype, name) as unknown;
    const error = t.throws(() => call(method, stranger, 0), { any: true } as never) as unknown;
    t.true(error instanceof TypeError || error instanceof StowageError, name);
  }
});

test("packs and templates out of range are ERR_OPTION with the range", (t) => {
  const packing = packSync([5, 6], ten);
  const plan = planSync(LengthHistogram.from([5, 6]), ten);
  for (const k of [-1, 2, 0.5, Number.NaN, "0", undefined])
    for (const call of [() => packing.packAt(k as number), () => plan.templateAt(k as number)])
      t.throws(call, { code: "ERR_OPTION", message: /0 \.\. 1, got/ });
  t.throws(() => packSync([], ten).packAt(0), {
    code: "ERR_OPTION",
    message: /there are no packs/,
  });
});

test("histograms refuse what can't be counted", (t) => {
  const bad: unknown[] = [
    [[-1, 1]],
    [[1.5, 1]],
    [[2 ** 32, 1]],
    [[1, -1]],
    [[1, 0.5]],
    [[1, 2 ** 53]],
    [[1]],
    [5],
    ["55"],
    5,
    null,
    undefined,
    "55",
    {},
  ];
  for (const counts of bad)
    t.throws(() => LengthHistogram.fromCounts(counts as never), { code: "ERR_LENGTH" });
  t.throws(() => LengthHistogram.fromCounts([[5, 2 ** 53 - 1]]), { code: "ERR_LENGTH" });
  t.throws(
    () =>
      LengthHistogram.fromCounts([
        [1, 2 ** 53 - 1],
        [2, 1],
      ]),
    { code: "ERR_LENGTH" },
  );
  const most = LengthHistogram.fromCounts([[0, 2 ** 53 - 1]]);
  t.throws(() => most.add([1]), { code: "ERR_LENGTH" });
  t.is(most.sequenceCount, 2 ** 53 - 1, "nothing has changed");
  for (const json of [
    null,
    5,
    "x",
    [],
    {},
    { version: 2, counts: [] },
    { version: 1 },
    { version: 1, counts: [[1, -1]] },
    { version: 1, counts: [5] },
  ])
    t.throws(() => LengthHistogram.fromJSON(json), { code: "ERR_FORMAT" });
  for (const value of [-1, 0.5, 2 ** 32, "5", undefined])
    t.throws(() => most.count(value as number), { code: "ERR_LENGTH" });
  for (const other of [null, [5], {}, new Map()])
    t.throws(() => most.merge(other as never), { code: "ERR_OPTION" });
});

test("plans refuse what isn't a histogram, and strategies that don't plan", (t) => {
  for (const histogram of [null, [5], Uint32Array.of(5), {}])
    t.throws(() => planSync(histogram as never, ten), {
      code: "ERR_OPTION",
      message: /LengthHistogram/,
    });
  const histogram = LengthHistogram.from([5]);
  for (const strategy of ["nf", "ff", "bf", "wf", "hk", "ffs"])
    t.throws(() => planSync(histogram, { capacity: 10, strategy }), {
      code: "ERR_STRATEGY",
      message: /auto, .*best-fit-decreasing/,
    });
  t.throws(() => planSync(histogram, { capacity: 10, strategy: "bfd", tolerance: 2 }), {
    code: "ERR_OPTION",
    message: /tolerance/,
  });
  const overlong = t.throws(() => planSync(LengthHistogram.from([11]), ten)) as StowageError;
  t.like(overlong, { code: "ERR_OVERLONG", index: undefined, length: 11, capacity: 10 });
  t.throws(() => planSync(LengthHistogram.from([0]), ten), { code: "ERR_EMPTY_SEQUENCE" });
});
