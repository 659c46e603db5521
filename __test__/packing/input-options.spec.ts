// Options of pack and packSync: their ranges, names that are near, and which don't go together.
import test from "ava";
import { type PackOptions, pack, packSync } from "../../index.js";
import { accepted, option, refused, ten } from "../fixtures/input-cases.js";

for (const [name, options, message] of [
  ["missing", undefined, /\{ capacity \}.*got undefined/],
  ["null", null, /got null/],
  ["a number", 2048, /got 2048; write \{ capacity: 2048 \}/],
  ["a string", "2048", /got '2048'/],
  ["an array", [10], /got an array/],
] as const) {
  refused(`options: ${name}`, () => [5], options, option, message);
}
class Settings {
  capacity = 10;
}
accepted("options as a class instance", () => [5], new Settings(), [[0]]);
accepted("options without a prototype", () => [5], Object.assign(Object.create(null), ten), [[0]]);
accepted(
  "an unknown option that is undefined",
  () => [5],
  { capacity: 10, capcity: undefined } as PackOptions,
  [[0]],
);

for (const capacity of [
  undefined,
  null,
  Number.NaN,
  "2048",
  true,
  2048n,
  {},
  0,
  -1,
  1.5,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 53,
]) {
  refused(
    `capacity ${typeof capacity} ${String(capacity)}`,
    () => [5],
    { capacity },
    { code: "ERR_CAPACITY" },
    /integer 1 \.\. 2147483647/,
  );
}
accepted("capacity 1", () => [1, 1], { capacity: 1 }, [[0], [1]]);
accepted("the largest capacity", () => [5, 3, 7], { capacity: 2 ** 31 - 1 }, [[2, 0, 1]]);

for (const [given, name] of [
  ["bestfit", "best-fit"],
  ["Best-Fit", "best-fit"],
  ["BF", "best-fit"],
  ["best_fit", "best-fit"],
  ["best fit", "best-fit"],
  ["OBFD", "best-fit-decreasing"],
  ["obfdp", "best-fit-decreasing"],
  ["MFFD", "modified-first-fit-decreasing"],
  ["NextFit", "next-fit"],
] as const)
  test(`strategy '${given}' is a name`, (t) => {
    t.is<string, string>(packSync([5], { capacity: 10, strategy: given }).strategy, name);
  });
const strategyError = { code: "ERR_STRATEGY" };
refused(
  "a misspelt strategy",
  () => [5],
  { capacity: 10, strategy: "best-fit-decr" },
  strategyError,
  /unknown strategy 'best-fit-decr'; did you mean 'best-fit-decreasing'\? strategies are auto, optimal, next-fit/,
);
for (const strategy of ["", 3, null, {}])
  refused(
    `strategy ${JSON.stringify(strategy)}`,
    () => [5],
    { capacity: 10, strategy },
    strategyError,
    /strategies are auto, .*modified-first-fit-decreasing/,
  );

for (const [name, options, message] of [
  ["misspelt", { capcity: 10 }, /unknown option 'capcity'; did you mean 'capacity'\?/],
  ["shortened", { ...ten, maxSequences: 3 }, /did you mean 'maxSequencesPerPack'\?/],
  ["in the wrong case", { ...ten, Seed: 3 }, /did you mean 'seed'\?/],
  ["like no other", { ...ten, zzz: 3 }, /unknown option 'zzz'; known are capacity, strategy/],
] as const)
  refused(`an option ${name}`, () => [5], options, option, message);

for (const [name, values, message] of [
  ["maxSequencesPerPack", [0, -1, 1.5, "4", Number.NaN], /integer >= 1/],
  ["sequenceAlignment", [0, 3.5, 11], /integer 1 \.\. 10/],
  ["packCountMultipleOf", [0, -8, 1.5], /integer >= 1/],
  ["packCount", [-1, 1.5, "4"], /integer >= 0/],
  ["overlong", ["trim", true], /one of 'error', 'drop', 'truncate', 'split', 'truncate-start'/],
  ["empty", ["keep", false], /one of 'error', 'drop'/],
  [
    "seed",
    [-1, 1.5, Number.NaN, 2 ** 53, 2n ** 64n, -1n, "7"],
    /integer 0 \.\. 2\^53 - 1 or a bigint below 2\^64/,
  ],
  ["tolerance", [0, 1.5], /integer >= 1/],
  ["harmonicClasses", [1, 65, 2.5], /integer 2 \.\. 64/],
  ["effort", [-1, Number.NaN, Number.POSITIVE_INFINITY, "1"], /finite number >= 0/],
] as [string, unknown[], RegExp][]) {
  for (const value of values)
    refused(
      `${name} ${typeof value} ${String(value)}`,
      () => [5],
      { capacity: 10, [name]: value },
      option,
      message,
    );
}
accepted("maxSequencesPerPack 1", () => [5, 5], { capacity: 10, maxSequencesPerPack: 1 }, [
  [0],
  [1],
]);
accepted("a seed of 64 bits", () => [5], { capacity: 10, seed: 2n ** 64n - 1n }, [[0]]);
accepted(
  "a seed where nothing is left to chance",
  () => [5],
  { capacity: 10, strategy: "next-fit", seed: 3 },
  [[0]],
);
for (const [name, more, message] of [
  [
    "a tolerance with a strategy that isn't decreasing",
    { strategy: "best-fit", tolerance: 2 },
    /four decreasing strategies/,
  ],
  ["a tolerance with auto", { tolerance: 2 }, /not with 'auto'/],
  [
    "packCount with a strategy that doesn't plan",
    { strategy: "next-fit", packCount: 1 },
    /needs a strategy that plans/,
  ],
  [
    "packCount that is no multiple",
    { packCount: 3, packCountMultipleOf: 2 },
    /3 is no multiple of .* 2/,
  ],
] as const)
  refused(name, () => [5], { ...ten, ...more }, option, message);
refused("inherited options", () => [5], Object.create({ capacity: 10 }), {
  code: "ERR_CAPACITY",
});
refused("packCount below the need", () => [10, 10], { capacity: 10, packCount: 1 }, option);
refused(
  "the first fault in the documented order",
  () => null,
  { capacity: 0, strategy: "no", effort: -1 },
  { code: "ERR_CAPACITY" },
);
refused("an unknown option beside a wrong capacity", () => null, { capacity: 0, zzz: 1 }, option);
refused(
  "a wrong option beside wrong lengths",
  () => null,
  { capacity: 10, effort: -1 },
  option,
  /effort/,
);

for (const [key, value] of Object.entries({
  signal: new AbortController().signal,
  onProgress: () => {},
}))
  test(`${key} given to packSync is ERR_OPTION`, (t) => {
    const options = { capacity: 10, [key]: value } as PackOptions;
    t.throws(() => packSync([5], options), { code: "ERR_OPTION", message: /use pack\(\)/ });
  });
for (const [key, values] of Object.entries({
  threads: [0, 1.5, 5000, "2"],
  signal: [{}, true, "now", new EventTarget()],
  onProgress: [{}, true],
}))
  for (const value of values)
    test(`${key} ${typeof value} ${String(value)} is ERR_OPTION`, async (t) => {
      const options = { capacity: 10, [key]: value } as PackOptions;
      await t.throwsAsync(pack([5], options), { code: "ERR_OPTION", message: new RegExp(key) });
      t.throws(() => packSync([5], options), { code: "ERR_OPTION", message: new RegExp(key) });
    });

test("every option is read once", (t) => {
  let reads = 0;
  const options = {
    get capacity() {
      reads++;
      return 10;
    },
  };
  packSync([5], options);
  t.is(reads, 1);
});

test("pack rejects and never throws", async (t) => {
  let promise: Promise<unknown> | undefined;
  t.notThrows(() => {
    promise = pack(null as never, null as never);
  });
  await t.throwsAsync(promise as Promise<unknown>, { code: "ERR_OPTION" });
});
