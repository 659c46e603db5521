// What a report says is what the library, `stats --json` and `plan --json` say of the same input.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import {
  LengthHistogram,
  packDataset,
  packSync,
  planSync,
  readLengths,
  type Strategy,
  sketchDataset,
  verifyDataset,
} from "../../index.js";
import { type ReportData, renderReport, reportData } from "../../report.js";

const root = join(import.meta.dirname, "../..");
const docs = join(root, "examples/data/python-docs.jsonl");
const wikipedia = join(root, "examples/data/wikipedia512_histogram.txt");
const folder = mkdtempSync(join(tmpdir(), "stowage-report-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const main = join(root, "dist/cli/main.js");
const run = (
  ...args: string[]
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } =>
  spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" }) as never;
const json = (...args: string[]): never => {
  const { status, stdout, stderr } = run(...args);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as never;
};

interface Stats {
  capacities: [{ overlong: object; strategies: object[] }];
}

for (const [name, input, capacity] of [
  ["data files", docs, "2048"],
  ["a histogram", wikipedia, "512"],
] as const) {
  test(`figures of ${name} equal stats --json and plan --json`, (t) => {
    const data: ReportData = json("report", input, "-c", capacity, "--data", "-");
    const stats: Stats = json("stats", input, "-c", capacity, "--json");
    const policies = ["--overlong", "split", "--empty", "drop"];
    const plan: object = json("plan", input, "-c", capacity, ...policies, "--json");
    const { capacities, ...source } = stats;
    t.like(data.source, source);
    const [{ overlong, strategies }] = capacities;
    t.like(overlong, data.overlong!);
    const three = (trial: object): unknown[] =>
      ["strategy", "packCount", "efficiency"].map((key) => trial[key as never]);
    t.deepEqual(data.strategies.map(three), strategies.map(three));
    const { id, templateCount } = data.plan!;
    t.like(plan, { ...data.stats, id, templateCount });
    const chosen = data.capacities.find((trial) => trial.capacity === Number(capacity));
    t.is(chosen?.packCount, data.stats.packCount);
    t.is(chosen?.efficiency, data.stats.efficiency);
    t.is(data.stats.time, undefined);
  });
}

test("bins hold every sequence once and are cut at the capacity; the sums are the packing's", async (t) => {
  const lengths = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 400 });
  const alignments = fc.constantFrom(1, 8);
  const policies = fc.constantFrom("split" as const, "truncate" as const, "drop" as const);
  const strategies = fc.constantFrom<Strategy>("auto", "next-fit");
  const options = fc.record({
    capacity: fc.integer({ min: 8, max: 2000 }),
    sequenceAlignment: alignments,
    overlong: policies,
    strategy: strategies,
  });
  await fc.assert(
    fc.asyncProperty(lengths, options, async (lengths, options) => {
      const data = await reportData(lengths, { ...options, capacities: [], strategies: [] });
      const { capacity, sequenceAlignment } = options;
      const usable = capacity - (capacity % sequenceAlignment);
      const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
        values.reduce((total, value) => total + of(value), 0);
      for (const bin of data.lengths) {
        const own = lengths.filter((length) => length > 0 && length >= bin.from && length < bin.to);
        t.is(bin.sequences, own.length);
        t.is(
          bin.tokens,
          sum(own, (length) => length),
        );
        t.true(
          bin.to <= usable + 1 || bin.from > usable,
          `bin ${bin.from}..${bin.to} of ${usable}`,
        );
      }
      t.is(sum(data.lengths, (bin) => bin.sequences) + data.source.emptyCount, lengths.length);
      t.is(
        sum(data.padding, (bin) => bin.packs),
        data.stats.packCount,
      );
      t.is(
        sum(data.perPack, (bin) => bin.packs),
        data.stats.packCount,
      );
      const packs = packSync(lengths, { ...options, empty: "drop" });
      const squares = packs.pieces
        ? packs.pieces.lengths
        : packs.sequences.map((id) => lengths[id]!);
      t.is(
        data.attention.isolated,
        sum([...squares], (length) => length * length),
      );
      for (const pack of [...data.packs.sample, ...data.packs.worst, ...data.packs.top]) {
        const tokens =
          sum(pack.runs, ([length, times]) => length * times) + (pack.rest?.tokens ?? 0);
        t.is(tokens + pack.padding, capacity);
      }
      t.is(data.packs.sample.length, Math.min(40, data.stats.packCount));
    }),
    { numRuns: 60 },
  );
});

test("the same input and options give the same bytes for any number of threads", async (t) => {
  const pages = await Promise.all(
    [1, 2, 7].map(async (threads) =>
      renderReport(await reportData(docs, { capacity: 2048, threads })),
    ),
  );
  t.is(new Set(pages).size, 1);
  t.true(pages[0]!.length < 400_000);
});

test("a plan, its JSON and its lengths are one report; without the source it shows what was packed", async (t) => {
  const lengths = await readLengths(docs);
  const histogram = LengthHistogram.from(lengths);
  const plan = planSync(histogram, { capacity: 2048, overlong: "split", empty: "drop" });
  const path = join(folder, "plan.json");
  writeFileSync(path, JSON.stringify(plan));
  const [whole, fromPlan, fromFile, alone] = await Promise.all([
    reportData(histogram, { capacity: 2048 }),
    reportData(plan, { input: histogram }),
    reportData(path, { input: docs }),
    reportData(path, {}),
  ]);
  t.like(fromPlan, { lengths: whole!.lengths, capacities: whole!.capacities, packs: whole!.packs });
  t.like(fromFile, { lengths: whole!.lengths, packs: whole!.packs, source: { kind: "plan" } });
  t.true(alone!.asPacked);
  t.deepEqual([alone!.capacities, alone!.strategies, alone!.overlong], [[], [], undefined]);
  t.is(
    alone!.lengths.reduce((sum, bin) => sum + bin.tokens, 0),
    plan.stats().tokensPacked,
  );
  const page = renderReport(alone!);
  t.regex(page, /The source wasn't given/);
  t.notRegex(page, /id="capacity"|id="strategies"/);
  await t.throwsAsync(reportData(plan, { input: [...lengths, 7] }), {
    code: "ERR_HISTOGRAM_MISMATCH",
  });
});

test("what can't be reported is refused by name", async (t) => {
  const plan = planSync(LengthHistogram.from([5, 3]), { capacity: 8 });
  for (const [source, options, code, message] of [
    [[5, 3], {}, "ERR_CAPACITY", /`capacity`.*is needed/],
    [plan, { capacity: 8 }, "ERR_CAPACITY", /has its own capacity/],
    [plan, { overlong: "drop" }, "ERR_OPTION", /has its own overlong/],
    [[5, 3], { capacity: 8, input: [5] }, "ERR_OPTION", /leave it out/],
    [[5, 3], { capacity: 8, packs: 65 }, "ERR_OPTION", /`packs` must be an integer 0 \.\. 64/],
    [[5, 3], { capacity: 8, capacties: [] }, "ERR_OPTION", /unknown option 'capacties'/],
    [[5, 3], { capacity: 8, capacities: [0] }, "ERR_OPTION", /holds 0/],
    [[5, 3], { capacity: 8, strategies: ["nest-fit"] }, "ERR_STRATEGY", /did you mean/],
    [[5, 3], { capacity: 4, overlong: "error" }, "ERR_OVERLONG", /5/],
    [
      LengthHistogram.from([5]),
      { capacity: 8, strategy: "next-fit" },
      "ERR_STRATEGY",
      /forgotten their order/,
    ],
    [join(folder, "none.txt"), { capacity: 8 }, "ERR_IO", /none\.txt/],
  ] as const)
    await t.throwsAsync(reportData(source as never, options as never), { code, message });
  writeFileSync(join(folder, "wrong.txt"), "1\ntwo\n");
  await t.throwsAsync(reportData(join(folder, "wrong.txt"), { capacity: 8 }), {
    code: "ERR_FORMAT",
    message: /line 2/,
  });
  const reason = new Error("enough");
  await t.throwsAsync(reportData(docs, { capacity: 8, signal: AbortSignal.abort(reason) }), {
    is: reason,
  });
});

test("command line: a page appears whole, is not replaced unasked, and says what it is", (t) => {
  const written: Record<string, unknown> = json(
    "report",
    docs,
    "-c",
    "2048",
    "-o",
    "page.html",
    "--data",
    "page.json",
    "--json",
  );
  const html = readFileSync(join(folder, "page.html"));
  t.like(written, { output: join(folder, "page.html"), bytes: html.length });
  const data = JSON.parse(readFileSync(join(folder, "page.json"), "utf8")) as ReportData;
  t.is(renderReport(data), html.toString());
  t.is(written.planId, data.plan?.id);
  const again = run("report", docs, "-c", "2048", "-o", "page.html");
  t.is(again.status, 1);
  t.regex(again.stderr, /ERR_OUTPUT_EXISTS.*page\.html exists/);
  t.is(run("report", docs, "-c", "1024", "-o", "page.html", "--overwrite").status, 0);
  t.notDeepEqual(readFileSync(join(folder, "page.html")), html);
  for (const [args, status, message] of [
    [[docs], 2, /ERR_CAPACITY/],
    [[docs, "-c", "8", "--data", "-", "--json"], 2, /--data - prints JSON already/],
    [[docs, "-c", "8", "--data", "-", "--open"], 2, /--open needs a page/],
    [[docs, "-c", "8", "--compare", wikipedia], 1, /ERR_FORMAT/],
    [[docs, "-c", "8", "-o", "no/such/page.html"], 1, /ERR_IO/],
  ] as const) {
    const { status: found, stderr } = run("report", ...args);
    t.regex(stderr, message);
    t.is(found, status);
  }
  t.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".tmp")),
    [],
  );
  t.false(existsSync(join(folder, "report.html")));
});

test("a comparison shows both, in the order given, and says where the sequences differ", (t) => {
  const out = (name: string, input: string, capacity: string, ...more: string[]): string => {
    execFileSync(
      process.execPath,
      [main, "report", input, "-c", capacity, "-o", name, "--overwrite", ...more],
      { cwd: folder, stdio: "pipe" },
    );
    return readFileSync(join(folder, name), "utf8");
  };
  out("left.html", docs, "2048", "--data", "left.json");
  const same = out("right.html", docs, "4096", "--compare", "left.json");
  t.regex(same, /<th scope="row">packs<\/th><td>90<\/td><td>179<\/td><td>\+89<\/td>/);
  t.notRegex(same, /not the same sequences/);
  t.regex(same, /class="outline"/);
  t.regex(same, /data-pack="other sample 0"/);
  const other = out(
    "other.html",
    wikipedia,
    "512",
    "--compare",
    "left.json",
    "--strategies",
    "auto",
  );
  t.regex(other, /These are not the same sequences/);
});

test("a packed folder of every format looks like the plan that it was made from", async (t) => {
  const histogram = LengthHistogram.from(await readLengths(docs));
  const options = { capacity: 2048, overlong: "split", empty: "drop" } as const;
  const planned = await reportData(planSync(histogram, options), { input: histogram });
  for (const format of ["parquet", "hf", "npy", "mds"] as const) {
    const output = join(folder, `packed-${format}`);
    await packDataset({ ...options, input: docs, output, format });
    const data = await reportData(output, { input: docs });
    t.like(
      data,
      {
        ...{ source: { ...planned.source, kind: "dataset", label: `packed-${format}` } },
        ...{ lengths: planned.lengths, padding: planned.padding, perPack: planned.perPack },
        ...{
          attention: planned.attention,
          capacities: planned.capacities.map(({ capacity }) => ({ capacity })),
        },
      },
      format,
    );
    t.is(data.plan?.id, planned.plan?.id);
    t.deepEqual(
      data.packs.top.map(({ multiplicity }) => multiplicity),
      planned.packs.top.map(({ multiplicity }) => multiplicity),
    );
    t.is(data.packs.sample.length, 40);
    t.is(
      data.packs.sample.every(({ ids }) => ids !== undefined),
      format !== "hf",
      format,
    );
    t.regex(renderReport(data), /in <b>179 packs of 2,048<\/b>/);
  }
  const output = join(folder, "packed-parquet");
  const proved = await verifyDataset(output);
  const [one, two] = await Promise.all(
    [1, 2].map((threads) => sketchDataset(output, { threads, packs: 7 })),
  );
  t.deepEqual(one, two);
  t.deepEqual(one!.report, proved);
  t.is(one!.sample.length, 7);
  t.is((await sketchDataset(output, { packs: 1024 })).sample.length, 179);
  await t.throwsAsync(reportData(output, { capacity: 8 }), { code: "ERR_CAPACITY" });
  await t.throwsAsync(reportData(output, { input: [5] }), { code: "ERR_HISTOGRAM_MISMATCH" });
  await t.throwsAsync(sketchDataset(folder), { code: "ERR_IO" });
  await t.throwsAsync(sketchDataset(output, { packs: -1 }), { code: "ERR_OPTION" });
  const plan = join(folder, "packed-seqpack");
  await packDataset({ ...options, overlong: "drop", input: docs, output: plan, format: "seqpack" });
  await t.throwsAsync(sketchDataset(plan), {
    code: "ERR_OPTION",
    message: /holds a plan and no packs/,
  });
});
