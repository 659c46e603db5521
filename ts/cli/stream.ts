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
import { addPolicies, integer, need, REQUIRED } from "./options.js";
import type { Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ jq -c '{id, length: (.tokens | length)}' data.jsonl | stowage stream --capacity 4096
  $ seq 1 1000 | stowage stream --capacity 4096 --strategy next-fit | head -1
  $ stowage stream --capacity 4096 < data.arrow > packs.jsonl

Input: JSON lines, each a length, an array of token ids, or an object with "length" or "input_ids"
and, if wanted, "id" (a string or safe integer; else the number of the line, from 0). Or an Arrow IPC file or
stream with a column of lengths or tokens, which is read to its end first. Output: one object per
pack, {"ids","lengths","tokens"} and "starts" where a sequence was cut.`;

export function addStream(program: Command, session: Session): void {
  const command = program
    .command("stream")
    .summary("pack an endless stream of sequences in bounded memory")
    .description("Packs sequences from standard input; closed packs go to standard output.")
    .option("-c, --capacity <tokens>", `tokens that a pack holds ${REQUIRED}`, integer)
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
    .option("--column <name>", "Arrow: column of lengths or tokens (default: input_ids)");
  addPolicies(command)
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
  const names = new Names(options);
  for await (const batch of batches(session, column)) {
    names.take(batch);
    await write(names.give(add(packer, batch)));
  }
  await write(names.give(packer.finish()));
}

/** Adds sequences; a fault is told by the id, since nobody knows how the input was cut into calls. */
function add(packer: StreamPacker, { ids, lengths, names }: Batch): readonly StreamedPack[] {
  try {
    return packer.add(ids, lengths);
  } catch (error) {
    if (!(error instanceof StowageError) || error.index === undefined) throw error;
    const { code, index, length, capacity } = error;
    const number = ids[index] ?? index;
    const id = new Map(names).get(index) ?? number;
    const message = error.message
      .replace(/^lengths\[\d+\]/, `the length of sequence ${id}`)
      .replace(/^sequence \d+/, `sequence ${id}`);
    throw new StowageError(code, message, { index: number, length, capacity, cause: error });
  }
}

/** A pack as it is printed, with the ids that came in. */
type NamedPack = Omit<StreamedPack, "ids"> & { readonly ids: readonly (string | number)[] };

/** Ids that aren't the numbers of their lines, of the sequences that are held: what is packed goes by number. */
class Names {
  readonly #held = new Map<number, { readonly id: string | number; left: number }>();

  constructor(readonly options: StreamOptions) {}

  /** Notes the ids of a batch, with the tokens that will come out. */
  take({ ids, lengths, names }: Batch): void {
    const { capacity, overlong = "error" } = this.options;
    for (const [at, id] of names) {
      const [number = 0, length = 0] = [ids[at], lengths[at]];
      const fits = length <= capacity || overlong !== "drop";
      const left = overlong === "split" ? length : Math.min(length, capacity);
      if (length > 0 && fits) this.#held.set(number, { id, left });
    }
  }

  /** Packs with ids instead of numbers; what has come out as a whole is forgotten. */
  give(packs: readonly StreamedPack[]): NamedPack[] {
    if (this.#held.size === 0) return [...packs];
    return packs.map(({ ids, ...pack }) => ({
      ids: ids.map((number, at) => this.#give(number, pack.lengths[at] ?? 0)),
      ...pack,
    }));
  }

  #give(number: number, length: number): string | number {
    const held = this.#held.get(number);
    if (held === undefined) return number;
    held.left -= length;
    if (held.left <= 0) this.#held.delete(number);
    return held.id;
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
async function write(packs: readonly NamedPack[]): Promise<void> {
  if (packs.length === 0) return;
  const text = packs.map((pack) => `${JSON.stringify(pack)}\n`).join("");
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/** Sequences that came together. */
interface Batch {
  readonly ids: readonly number[];
  readonly lengths: readonly number[] | Uint32Array;
  /** Ids of the input, where it has some, by the place in the batch. */
  readonly names: readonly (readonly [at: number, id: string | number])[];
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
    return {
      ids: sequences.map(({ line }) => line),
      lengths: sequences.map(({ length }) => length),
      names: sequences.flatMap(({ id }, at) => (id === undefined ? [] : [[at, id] as const])),
    };
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
    const onWarning = (warning: string): void => session.warn(warning);
    lengths = await readLengths(path, { onWarning, ...(column !== undefined && { column }) });
  } finally {
    await rm(folder, { recursive: true });
  }
  for (let from = 0; from < lengths.length; from += AT_ONCE) {
    const part = lengths.subarray(from, from + AT_ONCE);
    yield { ids: Array.from(part, (_, at) => from + at), lengths: part, names: [] };
  }
}

interface Sequence {
  readonly line: number;
  readonly id?: string | number;
  readonly length: number;
}

function toSequence(line: string, number: number): Sequence {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw wrong(number, "no JSON", cause);
  }
  if (typeof value === "number") return { line: number, length: value };
  if (Array.isArray(value)) return { line: number, length: toLength(value, number) };
  if (typeof value !== "object" || value === null) {
    const what = value === null ? "null" : `a ${typeof value}`;
    throw wrong(number, `${what}, no length, array of token ids or object`);
  }
  const { id, length, input_ids: tokens } = value as Record<string, unknown>;
  const size = length ?? (Array.isArray(tokens) ? toLength(tokens, number) : undefined);
  if (typeof size !== "number") throw wrong(number, 'without "length" and "input_ids"');
  if (id === undefined) return { line: number, length: size };
  if (typeof id !== "string" && !Number.isSafeInteger(id)) {
    throw wrong(number, 'with an "id" that is neither a string nor a safe integer');
  }
  return { line: number, id: id as string | number, length: size };
}

/** How many token ids; what isn't one is refused, as where tokens are read. */
function toLength(tokens: readonly unknown[], number: number): number {
  const at = tokens.findIndex(
    (id) => !(Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MOST_ID),
  );
  if (at === -1) return tokens.length;
  const id = tokens[at];
  const what = Array.isArray(id) ? "a list" : id === null ? "null" : JSON.stringify(id);
  throw wrong(number, `a list with ${what} at position ${at}; a token id is 0 .. ${MOST_ID}`);
}

const MOST_ID = 0x7fff_ffff;

function wrong(number: number, what: string, cause?: unknown): StowageError {
  return new StowageError("ERR_FORMAT", `line ${number} of standard input is ${what}`, {
    row: number,
    cause,
  });
}
