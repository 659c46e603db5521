// Plans: templates, ids, bounds and their proofs, JSON.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
  LengthHistogram,
  Plan,
  type PlanJSON,
  plan,
  planSync,
  type StowageError,
} from "../../index.js";

const lengths = [5, 3, 5, 7, 5, 3, 5, 3, 5];
const options = { capacity: 10, strategy: "best-fit-decreasing" } as const;
const nine = LengthHistogram.from(lengths);

test("the binding example comes out as written", (t) => {
  const planned = planSync(nine, options);
  const templates = [...planned.templates()].map(({ lengths, multiplicity }) => [
    [...lengths],
    multiplicity,
  ]);
  t.deepEqual(templates, [
    [[7, 3], 1],
    [[5, 5], 2],
    [[5, 3], 1],
    [[3], 1],
  ]);
  t.deepEqual(planned.assign(lengths).toArrays(), [[3, 1], [0, 2], [4, 6], [8, 5], [7]]);
});

test("the id is the hash of the canonical text", (t) => {
  const text = "stowage plan 1\n10 1 0\n1 7×1 3×1\n2 5×2\n1 5×1 3×1\n1 3×1\n";
  const id = createHash("sha256").update(text).digest("hex").slice(0, 32);
  t.is(planSync(nine, options).id, id);
});

test("equal plans have equal ids, whatever strategy made them", (t) => {
  const ffd = planSync(nine, { capacity: 10, strategy: "first-fit-decreasing" });
  t.is(ffd.id, planSync(nine, options).id);
  t.not(planSync(nine, { ...options, maxSequencesPerPack: 9 }).id, ffd.id);
});

test("the certificate is plain data that proves the bound", (t) => {
  const planned = planSync(nine, options);
  t.true(planned.packCount >= planned.lowerBound);
  const { packWeight, weights } = planned.certificate;
  const sum = weights.reduce((sum, [length, weight]) => sum + weight * nine.count(length), 0);
  t.is(Math.ceil(sum / packWeight), planned.lowerBound);
  t.deepEqual(
    weights.map(([length]) => length),
    weights.map(([length]) => length).sort((a, b) => b - a),
  );
});

test("other lengths than the planned ones are refused with the first that differs", (t) => {
  const planned = planSync(nine, options);
  const refused = (other: number[], length: number): void => {
    const error = t.throws(() => planned.assign(other)) as StowageError;
    t.like(error, { code: "ERR_HISTOGRAM_MISMATCH", length });
  };
  refused([], 3);
  refused([...lengths, 4], 4);
  refused(
    lengths.map((length) => (length === 7 ? 8 : length)),
    7,
  );
  refused([...lengths, 5], 5);
  t.throws(() => planned.assign([...lengths, -1]), { code: "ERR_LENGTH" });
  t.throws(() => planned.verify(LengthHistogram.from([5])), { code: "ERR_INVALID_PLAN" });
});

test("JSON has the documented shape and makes the same plan", (t) => {
  const planned = planSync(nine, { ...options, sequenceAlignment: 2, maxSequencesPerPack: 4 });
  const json = JSON.parse(JSON.stringify(planned)) as PlanJSON;
  t.deepEqual(Object.keys(json), [
    "version",
    "id",
    "strategy",
    "capacity",
    "maxSequencesPerPack",
    "sequenceAlignment",
    "overlong",
    "empty",
    "ledger",
    "lowerBound",
    "certificate",
    "templates",
  ]);
  t.like(json, {
    version: 1,
    strategy: "best-fit-decreasing",
    capacity: 10,
    overlong: "error",
    empty: "error",
  });
  t.deepEqual(json.ledger, {
    tokensIn: 41,
    tokensPacked: 41,
    tokensTruncated: 0,
    tokensDropped: 0,
    droppedCount: 0,
  });
  const copy = Plan.fromJSON(json);
  t.deepEqual({ ...copy }, { ...planned });
  copy.verify(nine);
});

const damages: [string, (json: PlanJSON) => unknown][] = [
  ["no object", () => null],
  ["another version", (json) => ({ ...json, version: 3 })],
  ["another id", (json) => ({ ...json, id: "0".repeat(32) })],
  ["an id that is none", (json) => ({ ...json, id: "xyz" })],
  ["no capacity", ({ capacity: _, ...json }) => json],
  ["an unknown strategy", (json) => ({ ...json, strategy: "guess" })],
  ["no ledger", ({ ledger: _, ...json }) => json],
  [
    "a ledger that doesn't balance",
    (json) => ({ ...json, ledger: { ...json.ledger, tokensDropped: 1 } }),
  ],
  ["a bound above the packs", (json) => ({ ...json, lowerBound: 99 })],
  ["a fraction for a bound", (json) => ({ ...json, lowerBound: 0.5 })],
  ["no certificate", ({ certificate: _, ...json }) => json],
  [
    "an unknown certificate",
    (json) => ({ ...json, certificate: { ...json.certificate, kind: "L9" } }),
  ],
  [
    "a weight of 0",
    (json) => ({ ...json, certificate: { ...json.certificate, weights: [[5, 0]] } }),
  ],
  ["no templates", (json) => ({ ...json, templates: undefined })],
  ["fewer templates", (json) => ({ ...json, templates: json.templates.slice(1) })],
  ["templates out of order", (json) => ({ ...json, templates: [...json.templates].reverse() })],
  ["a multiplicity of 0", (json) => ({ ...json, templates: [[0, [[5, 2]]]] })],
  ["an empty template", (json) => ({ ...json, templates: [[1, []], ...json.templates] })],
  ["a run of three numbers", (json) => ({ ...json, templates: [[1, [[5, 1, 1]]]] })],
  ["an overfull template", (json) => ({ ...json, capacity: 9 })],
];
for (const [name, damage] of damages)
  test(`JSON with ${name} is ERR_INVALID_PLAN`, (t) => {
    const json = planSync(nine, options).toJSON();
    t.throws(() => Plan.fromJSON(damage(json)), { code: "ERR_INVALID_PLAN" });
  });

test("a forged bound passes fromJSON and not verify", (t) => {
  const json = planSync(nine, options).toJSON();
  for (const forged of [
    { ...json, lowerBound: json.lowerBound - 1 },
    { ...json, certificate: { ...json.certificate, packWeight: json.certificate.packWeight - 1 } },
  ])
    t.throws(() => Plan.fromJSON(forged).verify(nine), { code: "ERR_INVALID_PLAN" });
});

test("policies are applied to the histogram and kept", (t) => {
  const given = [25, 4, 0, 12];
  for (const overlong of ["drop", "truncate", "truncate-start", "split"] as const) {
    const policies = { ...options, overlong, empty: "drop" } as const;
    const planned = Plan.fromJSON(
      JSON.parse(JSON.stringify(planSync(LengthHistogram.from(given), policies))),
    );
    t.is(planned.sequenceCount, 4);
    planned.verify(LengthHistogram.from(given));
    const packing = planned.assign(given);
    packing.verify(given);
    t.is(packing.sequenceCount, 4);
    const { tokensIn, tokensPacked, tokensTruncated, tokensDropped } = planned.stats();
    t.is(tokensIn, 41);
    const expected = {
      drop: [4, 0, 37],
      truncate: [24, 17, 0],
      "truncate-start": [24, 17, 0],
      split: [41, 0, 0],
    }[overlong];
    t.deepEqual([tokensPacked, tokensTruncated, tokensDropped], expected);
  }
});

test("Wikipedia's 16 million sequences are planned from their histogram, and proved", async (t) => {
  const file = join(import.meta.dirname, "../../examples/data/wikipedia512_histogram.txt");
  const counts = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((count, i): [number, number] => [i + 1, Number(count)]);
  const histogram = LengthHistogram.fromCounts(counts);
  t.is(histogram.sequenceCount, 16_279_552);
  t.is(histogram.tokenCount, 4_164_796_173);
  const bfd = await plan(histogram, { capacity: 512, strategy: "best-fit-decreasing" });
  t.is(bfd.packCount, 8_138_483);
  const best = await plan(histogram, { capacity: 512, strategy: "optimal" });
  t.is(best.packCount, 8_135_727);
  t.is(best.gap, 0);
  best.verify(histogram);
});

test("a plan of a billion sequences costs no more than one of a thousand", (t) => {
  const counts = Array.from({ length: 64 }, (_, i): [number, number] => [i + 1, 2 ** 24]);
  const planned = planSync(LengthHistogram.fromCounts(counts), { ...options, capacity: 64 });
  t.is(planned.sequenceCount, 2 ** 30);
  planned.verify(LengthHistogram.fromCounts(counts));
});
