// Checks that every function's options share. Messages name the option, its value and the range.

import { type ErrorCode, StowageError } from "./errors.js";
import type { JobOptions } from "./job.js";
import { suggest } from "./suggest.js";

/** Options that were given, by name, without those that are undefined; it inherits nothing. */
export type Given = Readonly<Record<string, unknown>>;

/** How a value appears in a message: strings quoted, objects by their kind. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) {
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    return kind === "Object" ? "an object" : `${/^[AEIOU](?!int)/.test(kind) ? "an" : "a"} ${kind}`;
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The beginning of a list in a message. */
export function showSome(values: readonly unknown[]): string {
  const shown = values.slice(0, 4).map(show).join(", ");
  return values.length > 4 ? `[${shown}, … (${values.length} in all)]` : `[${shown}]`;
}

/**
 * `options` read once, each property a single time; refuses what isn't an object of options. Only
 * its own properties are options: what `Object.prototype` holds, another library put there.
 */
export function givenOptions(options: unknown, needed = "{ capacity }"): Given {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const way = typeof options === "number" ? `; write { capacity: ${options} }` : "";
    const message = `options must be an object with ${needed}, got ${show(options)}${way}`;
    throw new StowageError("ERR_OPTION", message);
  }
  return ownOf(options);
}

/** The own enumerable properties of an object, each read once, without those that are undefined. */
export function ownOf(object: object): Given {
  const given: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(object)) {
    const value: unknown = (object as Given)[key];
    if (value !== undefined) given[key] = value;
  }
  return given;
}

/** Names of options, from a record so that the compiler asks for each of them. */
export function keysOf<Options extends object>(
  names: Readonly<Record<keyof Options & string, true>>,
): readonly string[] {
  return Object.keys(names);
}

/** Refuses keys that aren't in `known`; `elsewhere` says why some others don't work here. */
export function refuseUnknown(
  given: Given,
  known: readonly string[],
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  for (const key in given) {
    if (known.includes(key)) continue;
    if (Object.hasOwn(elsewhere, key)) {
      throw new StowageError("ERR_OPTION", `option '${key}' doesn't work here: ${elsewhere[key]}`);
    }
    const meant = suggest(key, known);
    const way = meant === undefined ? `known are ${known.join(", ")}` : `did you mean '${meant}'?`;
    throw new StowageError("ERR_OPTION", `unknown option ${show(key)}; ${way}`);
  }
}

/** The option as an integer from `low` to `high`, or undefined if it isn't given. */
export function integerOption(
  given: Given,
  name: string,
  low: number,
  high: number,
  code: ErrorCode = "ERR_OPTION",
): number | undefined {
  const value = given[name];
  if (value === undefined) return undefined;
  if (isInteger(value, low, high)) return value;
  const range = high >= 2 ** 32 - 1 ? `>= ${low}` : `${low} .. ${high}`;
  throw new StowageError(code, `\`${name}\` must be an integer ${range}, got ${show(value)}`);
}

/** The option as one of `allowed`, or undefined if it isn't given. */
export function choiceOption<T extends string>(
  given: Given,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = given[name];
  return value === undefined ? undefined : toChoice(value, name, allowed);
}

/** `value` as one of `allowed`. */
export function toChoice<T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  const found = allowed.find((choice) => choice === value);
  if (found !== undefined) return found;
  const meant = typeof value === "string" ? suggest(value, allowed) : undefined;
  const way = meant === undefined ? "" : `; did you mean '${meant}'?`;
  const list = allowed.map((choice) => `'${choice}'`).join(", ");
  throw new StowageError(
    "ERR_OPTION",
    `\`${name}\` must be one of ${list}, got ${show(value)}${way}`,
  );
}

/** The option as true or false, or undefined if it isn't given. */
export function booleanOption(given: Given, name: string): boolean | undefined {
  const value = given[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw new StowageError("ERR_OPTION", `\`${name}\` must be true or false, got ${show(value)}`);
}

/** A seed as an unsigned 64-bit integer. */
export function toSeed(value: unknown, name = "seed"): bigint {
  if (typeof value === "bigint" && value >= 0n && value < 2n ** 64n) return value;
  if (isInteger(value, 0, Number.MAX_SAFE_INTEGER)) return BigInt(value);
  const range = "an integer 0 .. 2^53 - 1 or a bigint below 2^64";
  throw new StowageError("ERR_OPTION", `\`${name}\` must be ${range}, got ${show(value)}`);
}

/** True if `value` is an integer (not -0's business: that counts as 0) within the range. */
export function isInteger(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}

/** Names of the options of every asynchronous function. */
export const jobKeys: readonly string[] = keysOf<JobOptions>({
  signal: true,
  onProgress: true,
  threads: true,
});

/** Why a synchronous twin refuses them. */
export function asyncOnly(twin: string): Readonly<Record<string, string>> {
  return Object.fromEntries(jobKeys.map((key) => [key, `the call is synchronous; use ${twin}()`]));
}

/** The options of a job, checked. */
export function jobOptions(given: Given): JobOptions {
  const { signal, onProgress } = given;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new StowageError("ERR_OPTION", `\`signal\` must be an AbortSignal, got ${show(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    const message = `\`onProgress\` must be a function, got ${show(onProgress)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  return { signal, onProgress: onProgress as JobOptions["onProgress"], threads: toThreads(given) };
}

/** The option `threads`, checked. */
export function toThreads(given: Given): number | undefined {
  return integerOption(given, "threads", 1, 1024);
}

/** By what it can do, not by its class: signals of other realms and polyfills work. */
function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener, throwIfAborted } = value as Partial<AbortSignal>;
  return (
    [typeof aborted, typeof addEventListener, typeof throwIfAborted].join() ===
    "boolean,function,function"
  );
}
