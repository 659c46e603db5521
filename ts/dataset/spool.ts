// Sources that are given one after another are put down in files beside the output, and read from there
// like all others. The next item is asked for when the last one is put down; the files go with the job.

import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { StowageError, translateAsync } from "../base/errors.js";
import { native } from "../base/native.js";
import { show } from "../base/options.js";
import { columnsOf, isBatches } from "./given-batches.js";
import { lineOf } from "./given-rows.js";
import type { Items } from "./inputs.js";

/** Characters or bytes that are put down together. */
const atOnce = 1 << 20;

/** A file that grows by items of one kind. */
interface Growing {
  readonly kind: "rows" | "batches" | "bytes";
  put(item: unknown): Promise<void> | undefined;
  end(): Promise<void>;
}

/**
 * Puts all items of a source down in `folder` and hands on their files, in order. What the source throws
 * is thrown, as it is; when `stop` fires, its reason, and the source is told to end.
 */
export async function putDown(items: Items, folder: string, stop: AbortSignal): Promise<string[]> {
  const paths: string[] = [];
  let file: Growing | undefined;
  const put = async (item: unknown): Promise<void> => {
    const kind = kindOf(item);
    if (file?.kind !== kind) {
      await file?.end();
      const path = join(folder, `${String(paths.length).padStart(5, "0")}${endings[kind]}`);
      paths.push(path);
      file = await growing[kind](path);
    }
    await file.put(item);
  };
  try {
    await eachOf(items, stop, put);
    if (paths.length === 0) await put([]); // a source without rows is one, too
  } finally {
    await file?.end();
  }
  return paths;
}

/** Takes the folder away, and says of errors which part of the source they mean. */
export async function withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await translateAsync(work);
  } catch (error) {
    throw withoutFolderIn(error, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The error, with parts of the source instead of their files. */
export function withoutFolderIn(error: unknown, folder: string): unknown {
  if (!(error instanceof StowageError) || error.path?.startsWith(folder) !== true) return error;
  const { code, index, length, capacity, row, cause } = error;
  const path = withoutFolder(error.path, folder);
  const details = { index, length, capacity, row, path, cause };
  return new StowageError(code, withoutFolder(error.message, folder), details);
}

/** The same text with parts of the source instead of their files. */
export function withoutFolder(text: string, folder: string): string {
  const pieces = text.split(folder);
  const [first = "", ...rest] = pieces;
  const renamed = rest.map((piece) =>
    piece.replace(/^[\\/](\d{5})\.(?:jsonl|arrows|bytes)/, (_, number: string) =>
      Number(number) === 0 ? "input" : `input, part ${Number(number) + 1}`,
    ),
  );
  return first + renamed.join("");
}

/** Hands each item on and waits; ends at once, if need be while an item is waited for. */
async function eachOf(
  items: Items,
  stop: AbortSignal,
  put: (item: unknown) => Promise<void>,
): Promise<void> {
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let giveUp: (reason: unknown) => void = () => {};
  const onStop = (): void => giveUp(stop.reason);
  stop.addEventListener("abort", onStop, { once: true });
  let asking = false;
  let over = false;
  try {
    for (;;) {
      stop.throwIfAborted();
      asking = true;
      const given = iterator.next();
      // A promise of its own each time: what races with one that lives long is kept as long.
      const result = await new Promise<IteratorResult<unknown>>((resolve, reject) => {
        giveUp = reject;
        Promise.resolve(given).then(resolve, reject);
      });
      asking = false;
      if (result.done) {
        over = true;
        return;
      }
      await put(result.value);
    }
  } finally {
    stop.removeEventListener("abort", onStop);
    // A source that failed has ended by itself; it isn't waited for, since it may hang.
    if (!over && (!asking || stop.aborted)) {
      try {
        Promise.resolve(iterator.return?.()).catch(() => {});
      } catch {
        // It was told to end; how it takes that is its own affair.
      }
    }
  }
}

function kindOf(item: unknown): Growing["kind"] {
  if (item instanceof Uint8Array || item instanceof ArrayBuffer) return "bytes";
  return isBatches(item) ? "batches" : "rows";
}

const endings = { rows: ".jsonl", batches: ".arrows", bytes: ".bytes" } as const;

const growing: Record<Growing["kind"], (path: string) => Promise<Growing>> = {
  rows: async (path) => new RowLines(await open(path, "wx")),
  batches: async (path) => new Batches(path),
  bytes: async (path) => new Bytes(await open(path, "wx")),
};

class RowLines implements Growing {
  readonly kind = "rows";
  readonly #file: FileHandle;
  #text = "";
  #rows = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  put(item: unknown): Promise<void> | undefined {
    for (const row of Array.isArray(item) ? item : [item]) this.#text += lineOf(row, this.#rows++);
    return this.#text.length < atOnce ? undefined : this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    await written(this.#file, Buffer.from(text));
  }

  async end(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }
}

class Bytes implements Growing {
  readonly kind = "bytes";
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  put(item: unknown): Promise<void> {
    return written(
      this.#file,
      item instanceof ArrayBuffer ? new Uint8Array(item) : (item as Uint8Array),
    );
  }

  end(): Promise<void> {
    return this.#file.close();
  }
}

class Batches implements Growing {
  readonly kind = "batches";
  readonly #file: InstanceType<typeof native.BatchSpool>;

  constructor(path: string) {
    this.#file = new native.BatchSpool(path);
  }

  async put(item: unknown): Promise<void> {
    for (const { rows, columns } of columnsOf(item)) {
      await translateAsync(() => this.#file.write(rows, columns, new native.JobControl()));
    }
  }

  end(): Promise<void> {
    return translateAsync(() => this.#file.finish(new native.JobControl()));
  }
}

/** Writes all of it, or says what the system said. */
async function written(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
  } catch (cause) {
    const message = `cannot put the rows of \`input\` down beside the output: ${show((cause as Error).message)}`;
    throw new StowageError("ERR_IO", message, { cause });
  }
}
