// Cases of the table of input: what is refused, with which code and numbers, and what is accepted
// although it looks odd. Each runs through packSync, which throws, and pack, which rejects.
import test from "ava";
import { type PackOptions, pack, packSync, StowageError } from "../index.js";

/** Fields of an error; those that aren't named are absent. */
type Expected = { code: string; index?: number; length?: number; capacity?: number };

/** Refused alike by both forms, with these fields and a message that matches. */
export function refused(
  name: string,
  lengths: () => unknown,
  options: unknown,
  expected: Expected,
  message = /./,
): void {
  test(`${name} is ${expected.code}`, async (t) => {
    const all = options as PackOptions;
    const sync = t.throws(() => packSync(lengths() as number[], all), { instanceOf: StowageError });
    const job = t.throwsAsync(pack(lengths() as number[], all), { instanceOf: StowageError });
    for (const error of [sync, await job]) {
      const { code, index, length, capacity } = error;
      const fields = { code, index, length, capacity };
      t.deepEqual(fields, {
        index: undefined,
        length: undefined,
        capacity: undefined,
        ...expected,
      });
      t.regex(error.message, message);
    }
  });
}

/** Accepted by both forms, with these packs. */
export function accepted(
  name: string,
  lengths: () => unknown,
  options: PackOptions,
  packs: number[][],
  dropped: number[] = [],
): void {
  test(`${name} is accepted`, async (t) => {
    for (const packing of [
      packSync(lengths() as number[], options),
      await pack(lengths() as number[], options),
    ]) {
      t.deepEqual(packing.toArrays(), packs);
      t.deepEqual([...packing.dropped], dropped);
    }
  });
}

/** A fault of `lengths`, of the element at `index`. */
export const length = (index?: number, value?: number): Expected => ({
  code: "ERR_LENGTH",
  ...(index === undefined ? {} : { index }),
  ...(value === undefined ? {} : { length: value }),
});
/** A fault of an option. */
export const option = { code: "ERR_OPTION" };
/** Options of most cases. */
export const ten = { capacity: 10 };
