// Certificates that hold for packs of what the histogram has, and for no others.

import test from "ava";
import { LengthHistogram, Plan, planSync } from "../../index.js";
import { bound, overweight, overweightCounted } from "../models/certificate.js";

const CAPACITY = 200;

/** Small problems whose proof needs the counts: some are met within hundreds of draws. */
function* countedPlans(): Generator<{ histogram: LengthHistogram; plan: Plan }> {
  let state = 7;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let draws = 0; draws < 5000; draws++) {
    const lengths = Array.from({ length: 20 }, () => 20 + Math.floor(next() * 90));
    const histogram = LengthHistogram.from(lengths);
    const plan = planSync(histogram, { capacity: CAPACITY, strategy: "optimal", effort: 0.01 });
    if (plan.certificate.counted === true) yield { histogram, plan };
  }
}

test("a counted certificate says so, in version 2, and proves nothing without it", (t) => {
  const first = countedPlans().next();
  if (first.done) return t.fail("no problem needed its counts");
  const { histogram, plan } = first.value;
  const json = plan.toJSON();
  t.is(json.version, 2);
  Plan.fromJSON(json).verify(histogram);
  const { counted: _, ...plain } = json.certificate;
  const forged = Plan.fromJSON({ ...json, version: 1, certificate: plain });
  t.throws(() => forged.verify(histogram), { code: "ERR_INVALID_PLAN" });
  t.throws(() => Plan.fromJSON({ ...json, version: 1 }), { code: "ERR_INVALID_PLAN" });
});

test("it proves its bound in integers of any size, by a checker of our own, and needs the counts", (t) => {
  let proved = 0;
  for (const { histogram, plan } of countedPlans()) {
    const { certificate } = plan;
    const counts = new Map(Array.from(histogram, ([length, count]) => [length, BigInt(count)]));
    t.false(overweightCounted(certificate, CAPACITY, counts));
    t.true(overweight(certificate, CAPACITY, Number.POSITIVE_INFINITY));
    t.is(bound(certificate, counts), BigInt(plan.lowerBound));
    // The heaviest pack is as heavy as it says: one unit less, and both checkers refuse.
    const lighter = { ...certificate, packWeight: certificate.packWeight - 1 };
    const forged = Plan.fromJSON({ ...plan.toJSON(), certificate: lighter });
    t.true(overweightCounted(lighter, CAPACITY, counts));
    t.throws(() => forged.verify(histogram), { code: "ERR_INVALID_PLAN" });
    if (++proved === 8) return t.pass();
  }
  t.fail(`only ${proved} problems needed their counts`);
});
