// Rows of more places than are filled together, and which of several faults is told.
import test from "ava";
import fc from "fast-check";
import { collate, Packing, type Rows } from "../../index.js";
import { type Entry, type ModelRows, modelRows, partsOf, ragged } from "../models/rows.js";

const plain = (value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;

/** Sequences that together are much longer than 2,048 places, some of them alone. */
const wide = fc
  .array(
    fc.tuple(
      fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 5000 })),
      fc.boolean(),
    ),
    {
      minLength: 1,
      maxLength: 25,
    },
  )
  .map((drawn) => {
    const tokens = drawn.map(([length], s) =>
      Array.from({ length }, (_, i) => (s * 31 + i * 7) % 1000),
    );
    const packs: Entry[][] = [[]];
    for (const [index, [, fresh]] of drawn.entries()) {
      if (fresh && packs.at(-1)!.length > 3) packs.push([]);
      packs.at(-1)!.push(index);
    }
    return { tokens, packs: packs.filter((pack) => pack.length > 0) };
  });

test("rows far wider than what is filled together equal the slow model", (t) => {
  fc.assert(
    fc.property(
      wide,
      fc.constantFrom("padded" as const, "flat" as const),
      fc.constantFrom("unshifted" as const, "shifted" as const),
      fc.integer({ min: 1, max: 8 }),
      ({ tokens, packs }, layout, labels, sequenceAlignment) => {
        const capacity = 26 * 5000;
        // The first token of every segment counts here: what it is must not be trained on all the same.
        const lossMask = tokens.map((ids) => ids.map((_, i) => (i + 1) % 3));
        const options = { layout, labels, sequenceAlignment, padTokenId: 5 };
        const rows = collate(
          Packing.from(partsOf(packs, tokens, capacity)),
          ragged(tokens, Int32Array),
          { ...options, lossMask: ragged(lossMask, Uint8Array) },
        );
        const model: ModelRows = modelRows({ packs, tokens, capacity, lossMask }, options);
        for (const [key, value] of Object.entries(model)) {
          if (key === "cuSeqlensPadded" && sequenceAlignment === 1) continue;
          // Arrays of a million entries are compared as text: in an instant.
          const got = plain(rows[key as keyof Rows]);
          t.true(String(got) === String(value), key);
        }
      },
    ),
    { numRuns: 12 },
  );
});

test("of several faults the first in the order of places is told, whatever kind it is", (t) => {
  const offsets = Int32Array.of(0, 2, 4, 6);
  const packing = Packing.from({
    capacity: 8,
    offsets: Uint32Array.of(0, 3),
    sequences: Uint32Array.of(0, 1, 2),
  });
  const good = { ids: [1, 2, 3, 4, 5, 6], labels: [1, 2, 3, 4, 5, 6], mask: [1, 1, 1, 1, 1, 1] };
  type Kind = keyof typeof good;
  const wrong = { ids: -1, labels: -99, mask: -1 };
  const name = { ids: "tokens", labels: "ownLabels", mask: "lossMask" };
  const told = (faults: [Kind, number][]): string => {
    const values = structuredClone(good);
    for (const [kind, at] of faults) values[kind][at] = wrong[kind];
    const error = t.throws(() =>
      collate(
        packing,
        { values: Int32Array.from(values.ids), offsets },
        {
          ownLabels: { values: Int32Array.from(values.labels), offsets },
          lossMask: { values: Float32Array.from(values.mask), offsets },
        },
      ),
    );
    return error!.message;
  };
  const kinds: Kind[] = ["ids", "labels", "mask"];
  for (const [first, early] of kinds.entries()) {
    for (const [second, late] of kinds.entries()) {
      t.regex(
        told([
          [late, 4],
          [early, 2],
        ]),
        new RegExp(`${name[early]} sequence 1, position 0`),
      );
      // Within one segment ids come before labels, and labels before weights.
      const sooner = kinds[Math.min(first, second)]!;
      if (first !== second)
        t.regex(
          told([
            [late, 2],
            [early, 3],
          ]),
          new RegExp(`${name[sooner]} sequence 1`),
        );
    }
  }
});
