// Open sources: their lengths are read once, what other capacities would give is found once, in the background.

import type { LengthHistogram } from "stowage";
import type { ReportData, ReportOptions, StrategyTrial } from "stowage/report";
import { reportOf, type Trials } from "../report/gather.js";
import { checked } from "../report/options.js";
import type { Opened } from "../report/source.js";
import { DeskError } from "./errors.js";

/** What may be asked of figures. */
export type FigureOptions = Pick<
  ReportOptions,
  | "capacity"
  | "strategy"
  | "overlong"
  | "empty"
  | "maxSequencesPerPack"
  | "sequenceAlignment"
  | "effort"
  | "worldSize"
  | "packs"
  | "seed"
>;

const FIGURES: readonly (keyof FigureOptions)[] = [
  ...(["capacity", "strategy", "overlong", "empty", "maxSequencesPerPack"] as const),
  ...(["sequenceAlignment", "effort", "worldSize", "packs", "seed"] as const),
];

/** Those of `given` that are known; others are refused by the report. */
export function figureOptions(given: Record<string, unknown>): FigureOptions {
  for (const name of Object.keys(given)) {
    if (!FIGURES.includes(name as keyof FigureOptions))
      throw new DeskError("ERR_CALL", `figures know no option '${name}'`);
  }
  return given as FigureOptions;
}

/** Answers of strategies that are remembered. */
const REMEMBERED = 32;

/** A source that is open. */
export class Source {
  readonly #found: Opened;
  readonly #trials: Trials = new Map();
  readonly #ready = new Map<string, Promise<void>>();
  readonly #settled = new Set<string>();
  readonly #strategies = new Map<string, StrategyTrial[]>();
  readonly #closing = new AbortController();
  readonly #running = new Set<AbortController>();
  #whole: ReportData | undefined;
  #current: AbortController | undefined;

  constructor(found: Opened) {
    this.#found = found;
  }

  /** Whether packing is still to be decided. */
  get free(): boolean {
    return this.#found.kind === "lengths" || this.#found.kind === "histogram";
  }

  /**
   * The figures for `options`; `whole` with all views, otherwise those of the packing, and the rest if it
   * is known already. A newer call ends an older one.
   */
  async figures(
    options: FigureOptions,
    whole: boolean,
  ): Promise<{ data: ReportData; whole: boolean }> {
    this.#current?.abort(
      new DeskError("ERR_SUPERSEDED", "newer figures of this source are asked for"),
    );
    const own = new AbortController();
    this.#current = own;
    return this.made(options, whole, own);
  }

  /** The same, beside other calls. */
  async made(
    options: FigureOptions,
    whole: boolean,
    own: AbortController = new AbortController(),
  ): Promise<{ data: ReportData; whole: boolean }> {
    this.#closing.signal.throwIfAborted();
    this.#running.add(own);
    try {
      return await this.#made(options, whole, own.signal);
    } finally {
      this.#running.delete(own);
    }
  }

  async #made(
    options: FigureOptions,
    whole: boolean,
    ends: AbortSignal,
  ): Promise<{ data: ReportData; whole: boolean }> {
    if (!this.free) return { data: await this.#fixed(options, ends), whole: true };
    const key = keptKey(options);
    if (whole) await this.#warmed(options, ends);
    const asked = JSON.stringify([key, options.capacity, options.effort]);
    const strategies = this.#strategies.get(asked);
    const full = whole || (this.#settled.has(key) && strategies !== undefined);
    const given = checked({
      ...options,
      signal: ends,
      ...(!this.#settled.has(key) && { capacities: [] }),
      ...(!(full && strategies === undefined) && { strategies: [] }),
    });
    const data = await reportOf(this.#found, given, this.#trials);
    ends.throwIfAborted();
    if (strategies !== undefined) data.strategies = strategies;
    else if (full) this.#remember(asked, data.strategies);
    return { data, whole: full };
  }

  /** Finds what other capacities would give, for the usual policies; nobody waits for it. */
  warm(): void {
    this.#warmed({}, this.#closing.signal).catch(() => {});
  }

  close(): void {
    const reason = new DeskError("ERR_CANCELLED", "the source was closed");
    for (const own of [this.#closing, ...this.#running]) own.abort(reason);
  }

  /** A plan and a packed folder have one answer. */
  async #fixed(options: FigureOptions, signal: AbortSignal): Promise<ReportData> {
    if (Object.keys(options).length > 0)
      return reportOf(this.#found, checked({ ...options, signal }));
    this.#whole ??= await reportOf(this.#found, checked({ signal }));
    return this.#whole;
  }

  /** Waits until the trade-off for the policies of `options` is known, or `signal` says not to. */
  async #warmed(options: FigureOptions, signal: AbortSignal): Promise<void> {
    const { capacity: _, strategy: __, effort: ___, packs: ____, seed: _____, ...kept } = options;
    const key = keptKey(options);
    let job = this.#ready.get(key);
    if (job === undefined && this.free) {
      const from = this.#found as Opened & { histogram: LengthHistogram };
      const capacity = usual(from.histogram, options.sequenceAlignment);
      const given = checked({
        ...kept,
        capacity,
        effort: 0,
        strategies: [],
        signal: this.#closing.signal,
      });
      job = reportOf(this.#found, given, this.#trials).then(() => {
        this.#settled.add(key);
      });
      // What stops it (a policy that the data doesn't meet) stops the figures themselves, too.
      job.catch(() => this.#ready.delete(key));
      this.#ready.set(key, job);
    }
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    await Promise.race([job, aborted]);
  }

  #remember(key: string, trials: StrategyTrial[]): void {
    this.#strategies.set(key, trials);
    const [oldest] = this.#strategies.keys();
    if (this.#strategies.size > REMEMBERED && oldest !== undefined) this.#strategies.delete(oldest);
  }
}

/** A capacity that any lengths can be tried with. */
function usual(histogram: LengthHistogram, alignment = 1): number {
  const longest = Math.min(Math.max(histogram.maxLength, 64), 0x7fff_ffff);
  return Math.min(Math.ceil(longest / alignment) * alignment, 0x7fff_ffff);
}

/** What a trade-off depends on. */
function keptKey({
  overlong = "split",
  empty = "drop",
  maxSequencesPerPack,
  sequenceAlignment,
  worldSize,
}: FigureOptions): string {
  return JSON.stringify([overlong, empty, maxSequencesPerPack, sequenceAlignment, worldSize]);
}
