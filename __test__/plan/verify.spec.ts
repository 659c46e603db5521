// Proofs of plans from anywhere: what they cost, and on which thread.
import test from "ava";
import {
  LengthHistogram,
  Plan,
  type PlanJSON,
  type Progress,
  planSync,
  verifyPlan,
} from "../../index.js";

const histogram = LengthHistogram.from([5, 3, 5, 7]);
const plan = planSync(histogram, { capacity: 10 });

test("a plan is proved on a native thread as on this one", async (t) => {
  t.is(await verifyPlan(plan, histogram), undefined);
  const other = LengthHistogram.from([5, 3, 5]);
  const sync = t.throws(() => plan.verify(other), { code: "ERR_INVALID_PLAN" });
  const job = await t.throwsAsync(() => verifyPlan(plan, other), { code: "ERR_INVALID_PLAN" });
  t.is(job?.message, sync?.message);
});

test("progress ends with the whole, and an abort wins", async (t) => {
  const reports: Progress[] = [];
  await verifyPlan(plan, histogram, { onProgress: (report) => reports.push(report) });
  const last = reports.at(-1);
  t.is(last?.stage, "verify");
  t.is(last?.done, last?.total);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(() => verifyPlan(plan, histogram, { signal })), reason);
});

test("what isn't a plan, a histogram or an option is refused", async (t) => {
  const json = plan.toJSON();
  const refused = { code: "ERR_OPTION" };
  await t.throwsAsync(() => verifyPlan(json as unknown as Plan, histogram), {
    ...refused,
    message: /Plan\.fromJSON/,
  });
  await t.throwsAsync(() => verifyPlan(plan, [5] as unknown as LengthHistogram), refused);
  await t.throwsAsync(() => verifyPlan(plan, histogram, { capacity: 1 } as object), refused);
});

/** Eight sequences at a capacity of 2.1e9: proved by weights that the search found on a grid. */
const large = {
  capacity: 2_130_706_434,
  sequenceAlignment: 4,
  packCountMultipleOf: 4,
  overlong: "split",
  effort: 0.01,
} as const;
const eight = [2663383042, 637123002, 637123002, 637123002, 637123002, 2655467964, 2663383042, 56];

test("a proof at a capacity of billions needs no table of it", async (t) => {
  const counted = LengthHistogram.from(eight);
  const planned = planSync(counted, large);
  t.is(planned.certificate.kind, "LP");
  const before = process.memoryUsage().rss;
  planned.verify(counted);
  await verifyPlan(Plan.fromJSON(planned.toJSON()), counted);
  t.true(process.memoryUsage().rss - before < 200e6);
});

/** A plan whose proof, of a linear program, nobody can check: 70,000 sequences a pack at 2^31 - 1 tokens. */
function endless(): { found: Plan; counts: LengthHistogram } {
  const counts = LengthHistogram.fromCounts([
    [3, 1_000_000],
    [5, 1_000_000],
  ]);
  const options = {
    capacity: 2 ** 31 - 1,
    maxSequencesPerPack: 70_000,
    strategy: "best-fit-decreasing",
  };
  const json = planSync(counts, options).toJSON();
  const certificate = { ...json.certificate, kind: "LP" as const };
  delete certificate.parameter;
  return { found: Plan.fromJSON({ ...json, certificate }), counts };
}

test("a proof that would take more than any is refused with both numbers", async (t) => {
  const { found, counts } = endless();
  const fault = { code: "ERR_INVALID_PLAN", message: /67108864 of 150326002843648 sums/ };
  t.throws(() => found.verify(counts), fault);
  await t.throwsAsync(() => verifyPlan(found, counts), fault);
});

test("a proof of a wrong bound at a huge capacity is refused", (t) => {
  const counted = LengthHistogram.from(eight);
  const json = planSync(counted, large).toJSON();
  const wrong = (certificate: object): void => {
    const found = Plan.fromJSON({ ...json, certificate: { ...json.certificate, ...certificate } });
    t.throws(() => found.verify(counted), { code: "ERR_INVALID_PLAN" });
  };
  wrong({ packWeight: json.certificate.packWeight - 1 });
  const heavier = json.certificate.weights.map(([length, weight], at) => [
    length,
    at === 1 ? weight * 2 : weight,
  ]);
  wrong({ weights: heavier });
});

test("nothing in the JSON of a plan is looked into deeper than plans go", (t) => {
  const deep: unknown = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`);
  const json = plan.toJSON();
  const places: Record<string, unknown>[] = [];
  for (const name of Object.keys(json)) places.push({ ...json, [name]: deep });
  for (const name of Object.keys(json.certificate))
    places.push({ ...json, certificate: { ...json.certificate, [name]: deep } });
  for (const name of Object.keys(json.ledger))
    places.push({ ...json, ledger: { ...json.ledger, [name]: deep } });
  places.push({ ...json, templates: [[1, deep]] }, { ...json, templates: [[1, [[deep, 1]]]] });
  places.push({ ...json, templates: [deep] });
  for (const place of places) {
    const error = t.throws(() => Plan.fromJSON(place), { code: "ERR_INVALID_PLAN" });
    t.true((error?.message.length ?? 0) < 400);
  }
  t.throws(() => LengthHistogram.fromJSON({ version: 1, counts: deep }), { code: "ERR_FORMAT" });
});

test("a message shows the begin of a long list", (t) => {
  const json: PlanJSON = plan.toJSON();
  const long = Array.from({ length: 100_000 }, () => 1);
  const templates = [[1, [long]]];
  const error = t.throws(() => Plan.fromJSON({ ...json, templates }), {
    message: /\[1, 1, 1, 1, … \(100000 in all\)\]/,
  });
  t.true((error?.message.length ?? 0) < 200);
});

test("an array that changes while it is read gives the numbers that were checked", (t) => {
  const json = plan.toJSON();
  const templates = json.templates.map(([multiplicity, runs]) => {
    const changing = runs.map((run) => {
      let reads = 0;
      const [length, times] = run;
      return Object.defineProperty([length, times], 0, {
        get: () => (reads++ === 0 ? length : -1e9),
      });
    });
    return [multiplicity, changing];
  });
  t.is(Plan.fromJSON({ ...json, templates }).id, plan.id);
});
