// `stowage stream`: sequences on standard input, one JSON object per closed pack on standard output.
// A filter: it holds no more than the stream does, waits for a slow reader, and ends when the
// reader has gone.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import {
  readLengths,
  StowageError,
  type StreamedPack,
  type StreamOptions,
  StreamPacker,
} from "../index.js";
import { integer, need } from "./arguments.js";
import type { Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ jq -c '{id, length: (.tokens | length)}' data.jsonl | stowage stream --capacity 4096
  $ seq 1 1000 | stowage stream --capacity 4096 --strategy next-fit | head -1
  $ stowage stream --capacity 4096 < data.arrow > packs.jsonl

Input: JSON lines, each a length, an array of token ids, or an object with "length" or "input_ids"
and, if wanted, "id" (a safe integer; else the number of the line, from 0). Or an Arrow IPC file or
stream with a column of lengths or tokens, which is read to its end first. Output: one object per
pack, {"ids","lengths","tokens"} and "starts" where a sequence was cut.`;

export function addStream(program: Command, session: Session): void {
  program
    .command("stream")
    .summary("pack an endless stream of sequences in bounded memory")
    .description("Packs sequences from standard input; closed packs go to standard output.")
    .option("-c, --capacity <tokens>", "tokens that a pack holds", integer)
    .addOption(
      new Option("-s, --strategy <name>", "how to pack (default: best-fit)").choices([
        "best-fit",
        "next-fit",
        "harmonic",
      ]),
    )
    .option("--max-open-packs <n>", "packs kept open at most (default: 1024)", integer)
    .option("--lookahead <n>", "sequences held back (default: 4096)", integer)
    .option("--max-sequences-per-pack <n>", "at most this many sequences in a pack", integer)
    .option("--harmonic-classes <n>", "classes of the strategy harmonic (default: 10)", integer)
    .addOption(
      new Option("--overlong <policy>", "a sequence longer than the capacity").choices([
        "error",
        "drop",
        "truncate",
        "split",
      ]),
    )
    .addOption(new Option("--empty <policy>", "a sequence of length 0").choices(["error", "drop"]))
    .option("--column <name>", "Arrow: column of lengths or tokens (default: input_ids)")
    .addHelpText("after", EXAMPLES)
    .action((given: StreamFlags) => stream(session, given));
}

type StreamFlags = StreamOptions & { column?: string };

/** Sequences that cross to native code in one call. */
const AT_ONCE = 1024;

async function stream(session: Session, { column, ...options }: StreamFlags): Promise<void> {
  need(options, "capacity");
  const packer = new StreamPacker(pickStreamOptions(options));
  // Nobody reads on (`| head`): nothing is left to do, and nothing to clean up.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(0);
  });
  const ids: number[] = [];
  const lengths: number[] = [];
  const flush = async (): Promise<void> => {
    await write(packer.add(ids.splice(0), lengths.splice(0)));
  };
  for await (const { id, length } of sequences(session, column)) {
    ids.push(id);
    lengths.push(length);
    if (ids.length >= AT_ONCE) await flush();
  }
  await flush();
  await write(packer.finish());
}

/** Global options (json, quiet …) are none of the stream's. */
function pickStreamOptions(given: StreamOptions): StreamOptions {
  const { capacity, strategy, maxOpenPacks, lookahead, maxSequencesPerPack } = given;
  const { harmonicClasses, overlong, empty } = given;
  return {
    ...{ capacity, strategy, maxOpenPacks, lookahead, maxSequencesPerPack },
    ...{ harmonicClasses, overlong, empty },
  };
}

/** Writes packs line by line, and waits where the reader is slower. */
async function write(packs: readonly StreamedPack[]): Promise<void> {
  if (packs.length === 0) return;
  const text = packs.map((pack) => `${JSON.stringify(pack)}\n`).join("");
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

interface Sequence {
  id: number;
  length: number;
}

async function* sequences(
  session: Session,
  column: string | undefined,
): AsyncGenerator<Sequence, void, undefined> {
  session.signal.addEventListener("abort", () => process.stdin.destroy());
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  if (first.done) return;
  const rest = Readable.from(joined(session, first.value, chunks));
  if (isArrow(first.value)) return yield* arrowSequences(rest, column);
  let number = 0;
  for await (const line of createInterface({ input: rest, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== "") yield toSequence(line, number);
    number += 1;
  }
  session.signal.throwIfAborted();
}

async function* joined(
  session: Session,
  first: Buffer,
  chunks: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  yield first;
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } catch (error) {
    if (!session.signal.aborted) throw error; // else Ctrl-C has closed standard input
  }
}

/** The magic of an Arrow file, or the continuation mark of an Arrow stream. */
function isArrow(bytes: Buffer): boolean {
  return (
    bytes.subarray(0, 6).toString("latin1") === "ARROW1" ||
    (bytes.length >= 4 && bytes.readInt32LE(0) === -1)
  );
}

async function* arrowSequences(
  input: Readable,
  column: string | undefined,
): AsyncGenerator<Sequence, void, undefined> {
  const folder = await mkdtemp(join(tmpdir(), "stowage-stream-"));
  let lengths: Uint32Array;
  try {
    const path = join(folder, "stdin.arrow");
    await pipeline(input, createWriteStream(path));
    lengths = await readLengths(path, column === undefined ? {} : { column });
  } finally {
    await rm(folder, { recursive: true });
  }
  for (const [id, length] of lengths.entries()) yield { id, length };
}

function toSequence(line: string, number: number): Sequence {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw wrong(number, "no JSON", cause);
  }
  if (typeof value === "number") return { id: number, length: value };
  if (Array.isArray(value)) return { id: number, length: value.length };
  const { id = number, length, input_ids: tokens } = (value ?? {}) as Record<string, unknown>;
  const size = length ?? (Array.isArray(tokens) ? tokens.length : undefined);
  if (typeof size !== "number") throw wrong(number, 'without "length" and "input_ids"');
  if (!Number.isSafeInteger(id)) throw wrong(number, 'with an "id" that is no safe integer');
  return { id: id as number, length: size };
}

function wrong(number: number, what: string, cause?: unknown): StowageError {
  return new StowageError("ERR_FORMAT", `line ${number} of standard input is ${what}`, {
    row: number,
    cause,
  });
}
