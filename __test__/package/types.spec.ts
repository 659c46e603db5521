// The types that a user's compiler sees; `npm run lint` compiles this file, a wrong type fails there.
import test from "ava";
import {
  type Certificate,
  type ErrorCode,
  LengthHistogram,
  type Lengths,
  Packing,
  type PackingStats,
  type PackOptions,
  Plan,
  type Progress,
  pack,
  packSync,
  type plan,
  planSync,
  StowageError,
  type Strategy,
  type seedFrom,
  type strategies,
  type Template,
  type version,
} from "../../index.js";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <_A extends true>(): void => {};

type U32 = Uint32Array<ArrayBuffer>;

test("results have the documented types", async (t) => {
  const packing = packSync([5, 3], { capacity: 8 });
  same<Same<typeof packing, Packing>>();
  same<Same<typeof packing.offsets, U32>>();
  same<Same<typeof packing.pieces, { readonly starts: U32; readonly lengths: U32 } | undefined>>();
  same<Same<ReturnType<typeof packing.packAt>, U32>>();
  same<Same<ReturnType<typeof packing.stats>, PackingStats>>();
  same<Same<Awaited<ReturnType<typeof pack>>, Packing>>();
  const planned = planSync(LengthHistogram.from([5]), { capacity: 8 });
  same<Same<typeof planned, Plan>>();
  same<Same<typeof planned.certificate, Certificate>>();
  same<Same<ReturnType<typeof planned.templateAt>, Template>>();
  same<Same<Awaited<ReturnType<typeof plan>>, Plan>>();
  same<Same<ReturnType<typeof seedFrom>, bigint>>();
  same<Same<StowageError["code"], ErrorCode>>();
  same<Same<ReturnType<typeof strategies>[number]["name"], Strategy>>();
  same<Same<typeof version.threads, number>>();
  await pack([1], {
    capacity: 8,
    signal: new AbortController().signal,
    onProgress: (progress) => same<Same<typeof progress, Progress>>(),
    threads: 1,
  });
  t.pass();
});

test("every container of lengths is accepted by the compiler, and any strategy name", (t) => {
  const lengths: Lengths[] = [
    Uint32Array.of(1),
    Int32Array.of(1),
    Uint16Array.of(1),
    BigUint64Array.of(1n),
    BigInt64Array.of(1n),
    [1, 1n],
    [1] as readonly number[],
    new Uint32Array(new SharedArrayBuffer(4)).fill(1),
  ];
  const options: PackOptions = { capacity: 8, strategy: "OBFD", seed: 1n, empty: undefined };
  for (const each of lengths) t.true(packSync(each, options).packCount > 0);
});

test("what can't work isn't compiled", (t) => {
  const wrong = (): void => {
    // @ts-expect-error capacity is needed
    packSync([1], {});
    // @ts-expect-error options are needed
    packSync([1]);
    // @ts-expect-error no such option
    packSync([1], { capacity: 8, capcity: 8 });
    // @ts-expect-error a synchronous call can't be aborted
    packSync([1], { capacity: 8, signal: new AbortController().signal });
    // @ts-expect-error bytes aren't lengths
    packSync(Float64Array.of(1), { capacity: 8 });
    // @ts-expect-error no public constructor
    new Packing();
    // @ts-expect-error no public constructor
    new Plan();
    // @ts-expect-error results are read-only
    packSync([1], { capacity: 8 }).packCount = 2;
    // @ts-expect-error codes are known
    new StowageError("ERR_NONE", "no such code");
  };
  t.is(typeof wrong, "function");
});
