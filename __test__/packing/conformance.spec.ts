// Every case of data/conformance.json.gz through the public surface, in all its forms.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import {
  LengthHistogram,
  type Packing,
  type PackingStats,
  type PackOptions,
  pack,
  packSync,
  planSync,
  strategies,
} from "../../index.js";
import { type Generator, generated } from "../fixtures/generator.js";

interface Result {
  strategy: string;
  options: Partial<PackOptions>;
  packCount: number;
  sha256: string;
  offsets?: number[];
  sequences?: number[];
}
interface Policy extends Partial<Result> {
  name: string;
  capacity: number;
  strategy: string;
  options: Partial<PackOptions>;
  lengths: number[];
  error?: { code: string; index?: number; length?: number };
  dropped?: number[];
  pieces?: { starts: number[]; lengths: number[] };
  ledger?: {
    tokensIn: number;
    tokensPacked: number;
    tokensTruncated: number;
    tokensDropped: number;
  };
}
interface Cases {
  instances: { name: string; capacity: number; lengths: number[]; results: Result[] }[];
  policies: Policy[];
  stats: { instance: string; strategy: string; stats: Partial<PackingStats> }[];
  big: {
    name: string;
    sequences: number;
    capacity: number;
    generator: Generator;
    tokens: number;
    firstLengths: number[];
    results: Result[];
  }[];
}

const file = join(import.meta.dirname, "../data/conformance.json.gz");
const cases = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Cases;
const planning = new Set<string>(strategies().flatMap(({ name, plans }) => (plans ? [name] : [])));

function sha256({ offsets, sequences }: Packing): string {
  return createHash("sha256").update(offsets).update(sequences).digest("hex");
}

/** The packing by every way there is to make it. */
async function* waysOf(
  lengths: Uint32Array,
  options: PackOptions,
): AsyncGenerator<[way: string, packing: Packing]> {
  yield ["packSync", packSync(lengths, options)];
  yield ["pack on one thread", await pack(lengths, { ...options, threads: 1 })];
  yield ["pack on all threads", await pack(lengths, options)];
  if (planning.has(options.strategy ?? "auto") && (options.tolerance ?? 1) === 1) {
    const plan = planSync(LengthHistogram.from(lengths), options);
    yield ["plan.assign", plan.assign(lengths)];
  }
}

test("the file holds what it says", (t) => {
  t.is(cases.instances.length, 217);
  t.is(cases.policies.length, 97);
  t.is(cases.big.length, 5);
});

test("every instance is packed as prescribed, to the last element, in every form", async (t) => {
  for (const { name, capacity, lengths, results } of cases.instances) {
    const input = Uint32Array.from(lengths);
    for (const { strategy, options, packCount, sha256: expected } of results) {
      const all = { capacity, strategy, ...options };
      const label = `${name} ${JSON.stringify({ strategy, ...options })}`;
      for await (const [way, packing] of waysOf(input, all)) {
        if (packing.packCount !== packCount || sha256(packing) !== expected)
          return t.fail(`${label} by ${way}: ${packing.packCount} packs instead of ${packCount}`);
      }
    }
  }
  t.pass();
});

test("every policy gives the packs, pieces, dropped sequences and ledger prescribed", async (t) => {
  for (const { name, capacity, strategy, options, lengths, ...expected } of cases.policies) {
    const all = { capacity, strategy, ...options };
    const label = `${name} ${JSON.stringify({ strategy, ...options })}`;
    if (expected.error) {
      t.like(
        t.throws(() => packSync(lengths, all)),
        expected.error,
        label,
      );
      t.like(await t.throwsAsync(pack(lengths, all)), expected.error, label);
      continue;
    }
    for await (const [way, packing] of waysOf(Uint32Array.from(lengths), all)) {
      const { offsets, sequences, dropped, pieces } = packing;
      const text = `${label} by ${way}`;
      t.deepEqual([...offsets], expected.offsets, text);
      t.deepEqual([...sequences], expected.sequences, text);
      t.deepEqual([...dropped], expected.dropped, text);
      const { starts, lengths: tokens } = pieces ?? {};
      t.deepEqual(starts && [...starts], expected.pieces?.starts, text);
      t.deepEqual(tokens && [...tokens], expected.pieces?.lengths, text);
      t.like(packing.stats(), ledgerOf(expected.ledger), text);
      packing.verify(lengths);
    }
  }
});

function ledgerOf(ledger: Policy["ledger"]): object {
  const { tokensIn, tokensPacked, tokensTruncated, tokensDropped } = ledger ?? {};
  return { tokensIn, tokensPacked, tokensTruncated, tokensDropped };
}

test("figures are exact, from a packing, from a plan and from parts", async (t) => {
  for (const { instance, strategy, stats } of cases.stats) {
    const found = cases.instances.find(({ name }) => name === instance);
    if (found === undefined) return t.fail(instance);
    const lengths = Uint32Array.from(found.lengths);
    const options = { capacity: found.capacity, strategy };
    const made: [string, PackingStats][] = [];
    for await (const [way, packing] of waysOf(lengths, options)) {
      made.push([way, packing.stats()], [`${way}, lengths given`, packing.stats(lengths)]);
    }
    if (planning.has(strategy))
      made.push(["plan", planSync(LengthHistogram.from(lengths), options).stats()]);
    for (const [way, figures] of made) {
      const { standardDeviation: deviation, ...fill } = stats.fill!;
      t.like(figures, { ...stats, fill }, `${instance} ${strategy} by ${way}`);
      const error = Math.abs(figures.fill.standardDeviation - deviation);
      t.true(error <= 1e-12 * deviation, `${instance} ${strategy} by ${way}`);
    }
  }
});

for (const { name, sequences, capacity, generator, tokens, firstLengths, results } of cases.big) {
  test(`${name}: ${sequences} sequences are packed as prescribed`, async (t) => {
    const lengths = generated(generator, sequences, capacity);
    t.deepEqual([...lengths.subarray(0, firstLengths.length)], firstLengths);
    t.is(
      lengths.reduce((sum, length) => sum + length, 0),
      tokens,
    );
    for (const { strategy, options, packCount, sha256: expected } of results) {
      const packing = await pack(lengths, { capacity, strategy, ...options });
      t.is(packing.packCount, packCount, strategy);
      t.is(sha256(packing), expected, strategy);
    }
  });
}
