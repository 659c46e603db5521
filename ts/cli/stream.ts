// `stowage stream`: sequences on standard input, one JSON object per closed pack on standard output.
// A filter: it holds no more than the stream does, waits for a slow reader, and ends when the
// reader has gone.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
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

async function stream(session: Session, { column, ...options }: StreamFlags): Promise<void> {
  need(options, "capacity");
  const packer = new StreamPacker(pickStreamOptions(options));
  // Nobody reads on (`| head`): nothing is left to do, and nothing to clean up.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(0);
  });
  for await (const batch of batches(session, column)) await write(add(packer, batch));
  await write(packer.finish());
}

/** Adds sequences; a fault is told by the id, since nobody knows how the input was cut into calls. */
function add(packer: StreamPacker, { ids, lengths }: Batch): readonly StreamedPack[] {
  try {
    return packer.add(ids, lengths);
  } catch (error) {
    if (!(error instanceof StowageError) || error.index === undefined) throw error;
    const { code, index, length, capacity } = error;
    const id = ids[index];
    const message = error.message
      .replace(/^lengths\[\d+\]/, `the length of sequence ${id}`)
      .replace(/^sequence \d+/, `sequence ${id}`);
    throw new StowageError(code, message, { index: id, length, capacity, cause: error });
  }
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

/** Sequences that came together. */
interface Batch {
  readonly ids: readonly number[];
  readonly lengths: readonly number[] | Uint32Array;
}

/** What comes in, as it comes: a line is packed before the next one is waited for. */
async function* batches(
  session: Session,
  column: string | undefined,
): AsyncGenerator<Batch, void, undefined> {
  session.signal.addEventListener("abort", () => process.stdin.destroy());
  const chunks = untilStopped(session);
  let first = Buffer.alloc(0);
  while (isBeginningOfArrow(first)) {
    const { done, value } = await chunks.next();
    if (done) break;
    first = Buffer.concat([first, value]);
  }
  if (isArrow(first)) return yield* arrowBatches(session, joined(first, chunks), column);
  const decoder = new StringDecoder("utf8");
  let number = 0;
  /** The beginning of a line that hasn't ended yet. */
  let open: string[] = [];
  const parse = (lines: readonly string[]): Batch => {
    const sequences = lines.flatMap((line, at) =>
      line.trim() === "" ? [] : [toSequence(line, number + at)],
    );
    number += lines.length;
    return { ids: sequences.map(({ id }) => id), lengths: sequences.map(({ length }) => length) };
  };
  for await (const chunk of joined(first, chunks)) {
    const [end = "", ...lines] = decoder.write(chunk).split("\n");
    open.push(end);
    const last = lines.pop();
    if (last === undefined) continue;
    yield parse([open.join(""), ...lines]);
    open = [last];
  }
  session.signal.throwIfAborted();
  yield parse([open.join("") + decoder.end()]);
}

/** Standard input, which ends where Ctrl-C has closed it. */
async function* untilStopped(session: Session): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* process.stdin as AsyncIterable<Buffer>;
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}

/** The magic of an Arrow file, and the continuation mark of an Arrow stream. */
const ARROW = [Buffer.from("ARROW1"), Buffer.of(0xff, 0xff, 0xff, 0xff)];

function isArrow(bytes: Buffer): boolean {
  return ARROW.some((magic) => bytes.subarray(0, magic.length).equals(magic));
}

/** True if more bytes could make it Arrow; no JSON begins so. */
function isBeginningOfArrow(bytes: Buffer): boolean {
  return ARROW.some(
    (magic) => bytes.length < magic.length && magic.subarray(0, bytes.length).equals(bytes),
  );
}

/** Sequences of an Arrow input that cross to native code in one call. */
const AT_ONCE = 65_536;

async function* arrowBatches(
  session: Session,
  input: AsyncIterable<Buffer>,
  column: string | undefined,
): AsyncGenerator<Batch, void, undefined> {
  const folder = await mkdtemp(join(tmpdir(), "stowage-stream-"));
  let lengths: Uint32Array;
  try {
    const path = join(folder, "stdin.arrow");
    await pipeline(input, createWriteStream(path));
    session.signal.throwIfAborted();
    lengths = await readLengths(path, column === undefined ? {} : { column });
  } finally {
    await rm(folder, { recursive: true });
  }
  for (let from = 0; from < lengths.length; from += AT_ONCE) {
    const part = lengths.subarray(from, from + AT_ONCE);
    yield { ids: Array.from(part, (_, at) => from + at), lengths: part };
  }
}

interface Sequence {
  id: number;
  length: number;
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
