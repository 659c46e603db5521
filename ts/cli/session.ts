// One run of the command: where its words go, in which colours, and how it is told to stop.
// Results go to standard output, everything said along the way to standard error, so that a pipe
// carries results only.

import { constants } from "node:os";
import pc from "picocolors";

/** What every verb accepts. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** What a terminal might obey: control characters but the line end, and changes of direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `text` with every character that a terminal might obey as its code: names come from data. */
export function printable(text: string): string {
  return text.replace(OBEYED, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);
}

/** The same for JSON, which has its own way to write a character by its code. */
function asciiControls(json: string): string {
  return json.replace(OBEYED, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

type Colours = ReturnType<typeof pc.createColors>;

export class Session {
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP (a closed terminal); every job gets it. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  #options: GlobalOptions = {};
  #stoppedBy: NodeJS.Signals | undefined;
  /** Temporary files by what the user calls their contents. */
  readonly #names = new Map<string, string>();

  constructor() {
    this.signal = this.#controller.signal;
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(name, () => this.#stop(name));
    // A reader that has seen enough (`stowage strategies | head`) is no failure, and no reason to
    // leave a data set half written: the rest of the words is dropped.
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
      });
    }
  }

  /** Called once the arguments are known. */
  use(options: GlobalOptions): void {
    this.#options = options;
  }

  get json(): boolean {
    return this.#options.json === true;
  }

  get quiet(): boolean {
    return this.#options.quiet === true;
  }

  /** Exit code after a signal, as shells give it: 128 + its number; undefined without one. */
  get stoppedBy(): { name: string; exitCode: number } | undefined {
    if (this.#stoppedBy === undefined) return undefined;
    return { name: this.#stoppedBy, exitCode: 128 + constants.signals[this.#stoppedBy] };
  }

  /** Colours for a stream: only on a terminal, and not where NO_COLOR or --no-color says so. */
  colours(stream: NodeJS.WriteStream): Colours {
    const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
    const refused = Boolean(NO_COLOR) || this.#options.color === false || TERM === "dumb";
    return pc.createColors(!refused && (stream.isTTY === true || Boolean(FORCE_COLOR)));
  }

  /** From now on `path` appears in all that is said as `name`. */
  name(path: string, name: string): void {
    this.#names.set(path, name);
  }

  /** `text` with temporary files under the names that the user knows. */
  named(text: string): string {
    let said = text;
    for (const [path, name] of this.#names) said = said.replaceAll(path, name);
    return said;
  }

  /** JSON of `value`, for people's names and terminals alike; indented if `indent` says by how much. */
  document(value: unknown, indent?: number): string {
    const named = (_: string, each: unknown): unknown =>
      typeof each === "string" ? this.named(each) : each;
    return asciiControls(JSON.stringify(value, named, indent));
  }

  /** A result for people; left out with --quiet and --json. */
  print(text: string): void {
    if (!this.quiet && !this.json) process.stdout.write(`${text}\n`);
  }

  /** The result for programs; printed with --json alone, --quiet or not. */
  printJson(result: unknown): void {
    if (this.json) process.stdout.write(`${this.document(result, 2)}\n`);
  }

  /** Something that the user should look at before the result is used. */
  warn(text: string): void {
    if (this.quiet) return;
    const { yellow } = this.colours(process.stderr);
    process.stderr.write(`${yellow("stowage: warning:")} ${printable(this.named(text))}\n`);
  }

  /** Something to know that is neither result nor failure. */
  note(text: string): void {
    if (this.quiet) return;
    process.stderr.write(`${this.colours(process.stderr).dim(printable(this.named(text)))}\n`);
  }

  #stop(name: NodeJS.Signals): void {
    // Told twice: the user means now, and temporary output may stay behind.
    if (this.#stoppedBy !== undefined) process.exit(this.stoppedBy?.exitCode);
    this.#stoppedBy = name;
    this.#controller.abort(new Error(`stopped by ${name}`));
  }
}
