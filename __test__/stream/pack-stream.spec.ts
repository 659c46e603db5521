// packStream: packs of elements, from every kind of source, with back-pressure.

import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import test from "ava";
import fc from "fast-check";
import { type PackStreamOptions, packStream, StreamPacker } from "../../index.js";
import { anyLengths, anyOptions } from "../fixtures/any-stream.js";

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

const eight = [1000, 800, 600, 500, 400, 300, 200, 100];
const byItself = { capacity: 1024, length: (length: number) => length };

async function collect<T>(packs: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const pack of packs) all.push(pack);
  return all;
}

/** A source that counts how often it is pulled and whether it was ended. */
function counted(
  lengths: readonly number[],
): AsyncIterable<number> & { pulled: number; ended: number } {
  const source = {
    pulled: 0,
    ended: 0,
    [Symbol.asyncIterator]: () => ({
      next: async (): Promise<IteratorResult<number>> => {
        const value = lengths[source.pulled++];
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: async (): Promise<IteratorResult<number>> => {
        source.ended++;
        return { done: true, value: undefined };
      },
    }),
  };
  return source;
}

test("packStream gives the packs of a StreamPacker, from every kind of source", async (t) => {
  const options = { ...byItself, lookahead: 4, maxOpenPacks: 2 };
  const expected = [[1000], [800], [600, 400], [500, 300, 200], [100]];
  async function* generator(): AsyncGenerator<number> {
    yield* eight;
  }
  const sources = [eight, new Set(eight), generator(), Readable.from(eight), new Blob([]).stream()];
  sources[4] = new ReadableStream({
    start(controller): void {
      for (const length of eight) controller.enqueue(length);
      controller.close();
    },
  }) as never;
  for (const source of sources)
    t.deepEqual(await collect(packStream(source as Iterable<number>, options)), expected);
});

test("packStream gives what a StreamPacker gives, for all options", async (t) => {
  const law = fc.asyncProperty(anyOptions, anyLengths, async (options, lengths) => {
    const drop = { ...options, overlong: "drop" as const };
    const packer = new StreamPacker(drop);
    const packs = [...packer.add(range(0, lengths.length), lengths), ...packer.finish()];
    const elements = lengths.map((length, id) => ({ id, length }));
    const found = await collect(packStream(elements, { ...drop, length: ({ length }) => length }));
    t.deepEqual(
      found.map((pack) => pack.map(({ id }) => id)),
      packs.map(({ ids }) => ids),
    );
  });
  await fc.assert(law, { numRuns: 100 });
});

test("the source is pulled only when a pack is asked for, and no further than needed", async (t) => {
  const source = counted(eight);
  const packs = packStream(source, { ...byItself, strategy: "next-fit" });
  await new Promise(setImmediate);
  t.is(source.pulled, 0);
  t.deepEqual((await packs.next()).value, [1000]); // closed by 800
  t.is(source.pulled, 2);
  await packs.next();
  t.is(source.pulled, 3);
});

test("leaving the loop ends the source, and nothing follows", async (t) => {
  const source = counted(eight);
  const packs = packStream(source, { ...byItself, strategy: "next-fit" });
  for await (const _ of packs) break;
  t.is(source.ended, 1);
  t.true((await packs.next()).done);
  const unread = counted(eight);
  await packStream(unread, byItself).return?.();
  t.is(unread.ended, 1);
  const node = Readable.from(eight);
  for await (const _ of packStream(node, { ...byItself, strategy: "next-fit" })) break;
  t.true(node.destroyed);
});

test("calls of next that overlap are answered in order", async (t) => {
  const packs = packStream(counted(eight), { ...byItself, strategy: "next-fit" });
  const answers = await Promise.all(range(0, 7).map(() => packs.next()));
  t.deepEqual(
    answers.map(({ value }) => value),
    [[1000], [800], [600], [500, 400], [300, 200, 100], undefined, undefined],
  );
});

test("a fault ends the iteration with it, ends the source, and gives no open pack", async (t) => {
  const failure = new Error("mine");
  const cases: [number[], Partial<PackStreamOptions<number>>, object][] = [
    [[4, 11], {}, { code: "ERR_OVERLONG", index: 1, length: 11, capacity: 10 }],
    [[4, 0], {}, { code: "ERR_EMPTY_SEQUENCE", index: 1 }],
    [[4, 1.5], {}, { code: "ERR_LENGTH", index: 1 }],
    [[4, 5], { length: (value) => (value === 5 ? fail(failure) : value) }, { message: "mine" }],
  ];
  for (const [lengths, options, expected] of cases) {
    const source = counted(lengths);
    const packs = packStream(source, {
      ...byItself,
      capacity: 10,
      strategy: "next-fit",
      ...options,
    });
    t.like(await t.throwsAsync(packs.next()), expected);
    t.is(source.ended, 1);
    t.true((await packs.next()).done);
  }
  async function* failing(): AsyncGenerator<number> {
    yield 4;
    throw failure;
  }
  t.is(await t.throwsAsync(collect(packStream(failing(), byItself))), failure);
});

function fail(error: Error): never {
  throw error;
}

test("dropped elements are left out", async (t) => {
  const options = { ...byItself, capacity: 10, overlong: "drop", empty: "drop" } as const;
  t.deepEqual(await collect(packStream([4, 11, 0, 6], options)), [[6, 4]]);
});

test("an aborted signal rejects with its reason, even while the source is silent", async (t) => {
  const reason = new Error("enough");
  t.is(
    await t.throwsAsync(
      packStream(eight, { ...byItself, signal: AbortSignal.abort(reason) }).next(),
    ),
    reason,
  );
  let ended = false;
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => undefined),
      return: async () => {
        ended = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const controller = new AbortController();
  const packs = packStream(silent, { ...byItself, signal: controller.signal });
  const next = packs.next();
  setImmediate(() => controller.abort(reason));
  t.is(await t.throwsAsync(next), reason);
  t.true(ended);
  t.true((await packs.next()).done);
});

test("options of packStream are checked at once", (t) => {
  const refused = (options: object, message: RegExp): void => {
    const given = { ...byItself, ...options } as PackStreamOptions<number>;
    t.throws(() => packStream(eight, given), { code: "ERR_OPTION", message });
  };
  refused({ overlong: "split" }, /use a StreamPacker/);
  refused({ overlong: "truncate" }, /use a StreamPacker/);
  refused({ length: 5 }, /`length` must be a function/);
  refused({ signal: {} }, /`signal` must be an AbortSignal/);
  refused({ onProgress: () => undefined }, /unknown option 'onProgress'/);
  t.throws(() => packStream("text" as never, byItself), {
    code: "ERR_OPTION",
    message: /`source`/,
  });
  t.throws(() => packStream(5 as never, byItself), { code: "ERR_OPTION", message: /`source`/ });
});

/** Streams of Node and of the web that would give lengths of 500 without end, and count them. */
const endless: Record<string, () => { source: AsyncIterable<number>; state: State }> = {
  Node: () => {
    const state = { given: 0, ended: false };
    const source = new Readable({
      objectMode: true,
      highWaterMark: 4,
      read(): void {
        state.given += 1;
        this.push(500);
      },
      destroy(_, done): void {
        state.ended = true;
        done(null);
      },
    });
    return { source, state };
  },
  web: () => {
    const state = { given: 0, ended: false };
    const pull = (controller: ReadableStreamDefaultController<number>): void => {
      state.given += 1;
      controller.enqueue(500);
    };
    const cancel = (): void => {
      state.ended = true;
    };
    const strategy = { highWaterMark: 4 };
    const source = new ReadableStream<number>({ pull, cancel }, strategy);
    return { source: source as unknown as AsyncIterable<number>, state };
  },
};

interface State {
  given: number;
  ended: boolean;
}

for (const [kind, make] of Object.entries(endless)) {
  test(`a ${kind} stream is held back while no pack is asked for, and ended by leaving`, async (t) => {
    const { source, state } = make();
    const packs = packStream(source, { ...byItself, strategy: "next-fit" });
    for (let asked = 1; asked <= 20; asked++) {
      t.deepEqual((await packs.next()).value, [500, 500]);
      await new Promise((resolve) => setTimeout(resolve, 2)); // time to run ahead
      // Two for each pack, the one that closed it, and what the stream itself keeps ready.
      t.true(state.given <= 2 * asked + 1 + 2 * 4, `${state.given} given for ${asked} packs`);
    }
    await packs.return?.();
    t.true(state.ended);
  });
}

test("what waits is let go with its pack, so that memory stays bounded", async (t) => {
  const held = new Set<number>();
  const registry = new FinalizationRegistry<number>((id) => held.delete(id));
  async function* documents(): AsyncGenerator<{ id: number; tokens: Uint8Array }> {
    for (let id = 0; id < 2000; id++) {
      const document = { id, tokens: new Uint8Array(500) };
      held.add(id);
      registry.register(document, id);
      yield document;
    }
  }
  const length = ({ tokens }: { tokens: Uint8Array }): number => tokens.length;
  let seen = 0;
  for await (const pack of packStream(documents(), { capacity: 1024, lookahead: 16, length }))
    seen += pack.length;
  t.is(seen, 2000);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let wait = 0; wait < 100 && held.size >= 200; wait++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20)); // the registry is told later
  }
  t.true(held.size < 200, `${held.size} of 2000 elements are held`);
});
