// The options of a report, checked.

import type { JobOptions, LengthHistogram, Lengths, PackOptions } from "stowage";
import { StowageError } from "stowage";
import type { ReportData } from "./data.js";

/** What a report is made with, besides its source. */
export interface ReportOptions
  extends Partial<
    Pick<
      PackOptions,
      | "capacity"
      | "strategy"
      | "overlong"
      | "empty"
      | "maxSequencesPerPack"
      | "sequenceAlignment"
      | "effort"
    >
  > {
  /** What the page is called. Default: the label. */
  title?: string | undefined;
  /** What the page calls the source. Default: the file's name, or what was given. */
  label?: string | undefined;
  /** Of a plan or a packed data set: its source, for the views of lengths and capacities. */
  input?: string | readonly string[] | Lengths | LengthHistogram | undefined;
  /** Column of lengths or tokens of source files. Default 'input_ids'. */
  column?: string | undefined;
  /** Of a packed folder: a column that it carries and that names the source of each sequence; for the view of sources. */
  sourceColumn?: string | undefined;
  /** Which split of source folders. */
  split?: string | undefined;
  /** Capacities of the trade-off. Default: powers of two and steps halfway around the lengths; []: none. */
  capacities?: readonly number[] | undefined;
  /** Strategies that are compared. Default: all that plan, and those that need the order of at most 10^7 sequences; []: none. */
  strategies?: readonly string[] | undefined;
  /** Ranks that the texts speak of, 1 .. 2^32-1. Default 8. */
  worldSize?: number | undefined;
  /** Packs that are drawn, 0 .. 64. Default 40. */
  packs?: number | undefined;
  /** Of the sample of packs, 0 .. 2^53-1. Default 0. */
  seed?: number | undefined;
  /** Keep the milliseconds of stages and strategies, which differ from run to run. Default false. */
  times?: boolean | undefined;
  /** What it is compared with. */
  compare?: ReportData | undefined;
  /** Told what was passed over in source files, a sentence each. Default: `process.emitWarning`. */
  onWarning?: ((warning: string) => void) | undefined;
}

/** Options of the packing itself, which a plan and a packed data set have already. */
export const PACKING: readonly (
  | "capacity"
  | "strategy"
  | "overlong"
  | "empty"
  | "maxSequencesPerPack"
  | "sequenceAlignment"
  | "effort"
)[] = [
  ...(["capacity", "strategy", "overlong", "empty", "maxSequencesPerPack"] as const),
  ...(["sequenceAlignment", "effort"] as const),
];

const NAMES: ReadonlySet<string> = new Set([
  ...PACKING,
  ...[
    "title",
    "label",
    "input",
    "column",
    "sourceColumn",
    "split",
    "capacities",
    "strategies",
    "worldSize",
  ],
  ...["packs", "seed", "times", "compare", "onWarning", "signal", "onProgress", "threads"],
]);

/** The options with their defaults. */
export interface Checked extends ReportOptions {
  readonly worldSize: number;
  readonly packs: number;
  readonly seed: number;
  readonly job: JobOptions;
}

/**
 * `options`, each read once.
 *
 * @throws {StowageError} `ERR_OPTION` for unknown ones and values out of range
 */
export function checked(options: ReportOptions & JobOptions): Checked {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw wrong(`options must be an object, got ${String(options)}`);
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as ReportOptions & JobOptions;
  for (const name of Object.keys(given)) {
    if (!NAMES.has(name))
      throw wrong(`unknown option '${name}'; known are ${[...NAMES].join(", ")}`);
  }
  const { signal, onProgress, threads } = given;
  for (const name of ["capacities", "strategies"] as const) {
    if (given[name] !== undefined && !Array.isArray(given[name]))
      throw wrong(`\`${name}\` must be an array, got ${String(given[name])}`);
  }
  if (given.capacities !== undefined && given.capacities.length > 39)
    throw wrong(`\`capacities\` has ${given.capacities.length} entries; 39 are the most`);
  for (const capacity of given.capacities ?? []) {
    if (!whole(capacity, 1, 0x7fff_ffff))
      throw wrong(
        `\`capacities\` holds ${String(capacity)}; a capacity is an integer 1 .. 2^31 - 1`,
      );
  }
  for (const name of ["title", "label", "column", "sourceColumn", "split"] as const) {
    if (given[name] !== undefined && typeof given[name] !== "string")
      throw wrong(`\`${name}\` must be a string, got ${String(given[name])}`);
  }
  return {
    ...given,
    worldSize: integer(given, "worldSize", 1, 0xffff_ffff) ?? 8,
    packs: integer(given, "packs", 0, 64) ?? 40,
    seed: integer(given, "seed", 0, Number.MAX_SAFE_INTEGER) ?? 0,
    job: {
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
      ...(threads !== undefined && { threads }),
    },
  };
}

/** What says the packing of those options that were given. */
export function packingOf(given: Checked): Partial<PackOptions> {
  const named = PACKING.flatMap((name) =>
    given[name] === undefined ? [] : [[name, given[name]] as const],
  );
  return Object.fromEntries(named);
}

function integer(
  given: ReportOptions,
  name: "worldSize" | "packs" | "seed",
  low: number,
  high: number,
): number | undefined {
  const value = given[name];
  if (value === undefined || whole(value, low, high)) return value;
  throw wrong(`\`${name}\` must be an integer ${low} .. ${high}, got ${String(value)}`);
}

function whole(value: unknown, low: number, high: number): boolean {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}

/** A fault of the caller's options. */
export function wrong(message: string): StowageError {
  return new StowageError("ERR_OPTION", message);
}
