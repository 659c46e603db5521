import test from "ava";
import { seedFrom } from "../../index.js";

test("seeds are those of the published vectors", (t) => {
  t.is(seedFrom(), 0x73746f7761676521n);
  t.is(seedFrom(1), 0xef72e701e87cb2a2n);
  t.is(seedFrom(1, 0), 0x8557f045bdb989edn);
  t.is(seedFrom(0, 1), 0xf226b125701f75can);
  t.is(seedFrom(42, 1), 0xf5da424c8c1d1e05n);
  t.is(seedFrom(3, 2, 1), 0x971ea3f456cfafcdn);
  t.is(seedFrom(2n ** 64n - 1n, 3), 0xd6c0bea99b89cacfn);
});

test("numbers and bigints of one value give one seed", (t) => {
  t.is(seedFrom(7, 2), seedFrom(7n, 2n));
});

test("what is no component is refused with its place", (t) => {
  for (const value of [-1, 0.5, 2 ** 53, 2n ** 64n, -1n, "1", null])
    t.throws(() => seedFrom(1, value as number), {
      code: "ERR_OPTION",
      message: /components\[1\]/,
    });
});
