import test from "ava";
import fc from "fast-check";
import { blockDiagonalMask, unpad } from "../../index.js";
import { camel, cases, plain } from "../fixtures/collate-cases.js";

for (const { segment_ids, causal, expected } of cases.masks) {
  test(`blockDiagonalMask gives what the reference gives: ${segment_ids}, causal ${causal}`, (t) => {
    const boolean = blockDiagonalMask(segment_ids, { kind: "boolean", causal });
    const additive = blockDiagonalMask(Int32Array.from(segment_ids), { kind: "additive", causal });
    t.deepEqual([...boolean], expected.flat());
    t.deepEqual(
      [...additive],
      expected.flat().map((allowed) => (allowed ? 0 : -Infinity)),
    );
    if (causal) t.deepEqual(blockDiagonalMask(segment_ids, { kind: "boolean" }), boolean);
  });
}

test("a mask lets a query see its own segment, nothing behind it, and itself", (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 30 }), fc.boolean(), (ids, causal) => {
      const mask = blockDiagonalMask(ids, { kind: "boolean", causal });
      for (const [i, allowed] of mask.entries()) {
        const [q, k] = [Math.floor(i / ids.length), i % ids.length];
        const seen = q === k || (ids[q] === ids[k] && ids[q] !== 0 && (!causal || k <= q));
        t.is(allowed, seen ? 1 : 0);
      }
    }),
  );
});

for (const { attention_mask, expected } of cases.unpad) {
  test(`unpad gives what the reference gives: ${JSON.stringify(attention_mask)}`, (t) => {
    const got = Object.entries(unpad(attention_mask.flat(), attention_mask[0]!.length));
    const want = Object.entries(expected).map(([key, value]) => [camel(key), value]);
    t.deepEqual(Object.fromEntries(got.map(([k, v]) => [k, plain(v)])), Object.fromEntries(want));
  });
}

test("masks that can't be are refused", (t) => {
  t.throws(() => unpad([1, 1, 1], 2), { code: "ERR_OPTION", message: /no multiple of width 2/ });
  t.throws(() => unpad([1, -1], 2), { code: "ERR_OPTION", message: /attentionMask\[1\]/ });
  t.throws(() => unpad([1, 0.5], 2), { code: "ERR_OPTION", message: /got 0.5/ });
  t.throws(() => unpad([1], 0), { code: "ERR_OPTION", message: /`width`/ });
  t.throws(() => blockDiagonalMask([1], {} as never), { code: "ERR_OPTION", message: /`kind`/ });
  t.throws(() => blockDiagonalMask("11" as never, { kind: "boolean" }), { code: "ERR_OPTION" });
});
