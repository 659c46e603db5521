// Plans: templates with multiplicities, and the proof of how good they are.

import { StowageError, translate } from "../base/errors.js";
import { type JobOptions, partsOf, run, type SyncOptions } from "../base/job.js";
import { type Lengths, toUint32 } from "../base/lengths.js";
import { allocate, type U32 } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import {
  asyncOnly,
  givenOptions,
  isInteger,
  jobKeys,
  jobOptions,
  refuseUnknown,
  show,
  toThreads,
} from "../base/options.js";
import { type Epoch, epochOf } from "../epoch/epoch.js";
import type { LengthIndex } from "../epoch/length-index.js";
import { type BalanceOptions, checkBalanceOptions, type EpochOptions } from "../epoch/options.js";
import {
  checkPackOptions,
  type MaxLoadOptions,
  type PackOptions,
  packKeys,
} from "../packing/options.js";
import { arraysOf, finish, room } from "../packing/pack.js";
import type { Packing } from "../packing/packing.js";
import type { PackingStats } from "../packing/stats.js";
import { type Strategy, strategies } from "../packing/strategies.js";
import { type LengthHistogram, toHistogram } from "./histogram.js";
import { fromPlanJSON, toPlanJSON } from "./json.js";
import type { Certificate, PlanBalance, PlanJSON, Template } from "./parts.js";

type Handle = InstanceType<Native["Plan"]>;

const proof = Symbol("made by stowage");
let makePlan: (handle: Handle) => Plan;

/** For this package's own modules: the native plan, or undefined for anything else. */
export let planHandle: (value: unknown) => Handle | undefined;

/**
 * Plans the packs of a histogram on the calling thread. The cost doesn't depend on the number of
 * sequences.
 *
 * @param histogram how many sequences there are of each length
 * @param options see {@link PackOptions}; policies, limits and alignment are kept by the plan
 * @throws {StowageError} `ERR_STRATEGY` for strategies that don't plan; `ERR_OVERLONG`,
 * `ERR_EMPTY_SEQUENCE` (without `index`), `ERR_CAPACITY`, `ERR_OPTION`
 *
 * @example
 * const histogram = LengthHistogram.fromCounts([[7, 1000], [5, 2000], [3, 3000]]);
 * const plan = planSync(histogram, { capacity: 10, strategy: "best-fit-decreasing" });
 * [plan.packCount, plan.lowerBound, plan.gap]; // => [2667, 2600, 67]
 */
export function planSync(histogram: LengthHistogram, options: PackOptions | MaxLoadOptions): Plan {
  const given = givenOptions(options);
  refuseUnknown(given, packKeys, asyncOnly("plan"));
  const checked = checkPlanOptions(given);
  const handle = toHistogram(histogram);
  return makePlan(translate(() => native.plan(handle, checked.native)));
}

/**
 * As {@link planSync}, on native threads.
 *
 * @throws {StowageError} rejects with what {@link planSync} throws, or with `signal.reason`
 *
 * @example
 * const histogram = LengthHistogram.from([5, 3, 5, 7]);
 * (await plan(histogram, { capacity: 10 })).packCount; // => 2
 */
export async function plan(
  histogram: LengthHistogram,
  options: (PackOptions | MaxLoadOptions) & JobOptions,
): Promise<Plan> {
  const given = givenOptions(options);
  refuseUnknown(given, [...packKeys, ...jobKeys]);
  const checked = checkPlanOptions(given);
  const job = jobOptions(given);
  job.signal?.throwIfAborted();
  const handle = toHistogram(histogram);
  return run(job, { stage: "plan", total: 1 }, async (control) =>
    makePlan(await native.planAsync(handle, checked.native, partsOf(job), control)),
  );
}

function checkPlanOptions(
  given: ReturnType<typeof givenOptions>,
): ReturnType<typeof checkPackOptions> {
  const checked = checkPackOptions(given);
  const { info, native } = checked;
  if (!info.plans) {
    const names = strategies().flatMap(({ plans, name }) => (plans ? [name] : []));
    const message = `'${info.name}' looks at one sequence after another and can't plan; use one of ${names.join(", ")}, or packSync()`;
    throw new StowageError("ERR_STRATEGY", message);
  }
  if (native.tolerance > 1) {
    const message = `\`tolerance\` ${native.tolerance} orders single sequences, which a plan doesn't know; leave it out, plan.epoch() shuffles at no cost`;
    throw new StowageError("ERR_OPTION", message);
  }
  return checked;
}

/**
 * Templates with multiplicities, and the proof of how good they are. Independent of the number of
 * sequences; portable as JSON. Made by {@link planSync}, {@link plan} and {@link Plan.fromJSON}.
 *
 * @example
 * const plan = planSync(LengthHistogram.from([5, 3, 5, 7]), { capacity: 10 });
 * [...plan.templates()].map(({ lengths, multiplicity }) => [[...lengths], multiplicity]); // => [[[7, 3], 1], [[5, 5], 1]]
 */
export class Plan {
  static {
    makePlan = (handle) => new Plan(proof, handle);
    planHandle = (value) =>
      typeof value === "object" && value !== null && #handle in value ? value.#handle : undefined;
  }

  /** Tokens that a pack holds. */
  readonly capacity: number;
  /** The strategy as asked for, by its full name. */
  readonly strategy: Strategy;
  /** Sequences planned, dropped ones included. */
  readonly sequenceCount: number;
  /** Number of packs. */
  readonly packCount: number;
  /** Number of different templates. */
  readonly templateCount: number;
  /** No packing of these sequences under these options has fewer packs. */
  readonly lowerBound: number;
  /** `packCount - lowerBound`; 0 means proved optimal. */
  readonly gap: number;
  /** Tokens packed / (packCount × capacity), 0 .. 1; 0 without packs. */
  readonly efficiency: number;
  /** The load of the heaviest pack; undefined unless `objective` was 'maxLoad'. */
  readonly maxLoad: number | undefined;
  /** The load of the lightest pack; undefined unless `objective` was 'maxLoad'. */
  readonly minLoad: number | undefined;
  /** No plan of as many packs has a smaller largest load; undefined unless `objective` was 'maxLoad'. */
  readonly loadBound: number | undefined;
  readonly #handle: Handle;
  #id: string | undefined;

  private constructor(key: typeof proof, handle: Handle) {
    if (key !== proof) throw new TypeError("use planSync(), plan() or Plan.fromJSON()");
    const facts = handle.facts();
    this.capacity = facts.capacity;
    this.strategy = facts.strategy as Strategy;
    this.sequenceCount = facts.sequenceCount;
    this.packCount = facts.packCount;
    this.templateCount = facts.templateCount;
    this.lowerBound = facts.lowerBound;
    this.gap = facts.packCount - facts.lowerBound;
    const places = facts.packCount * facts.capacity;
    this.efficiency = places === 0 ? 0 : facts.tokenCount / places;
    this.maxLoad = facts.outcome.maxLoad ?? undefined;
    this.minLoad = facts.outcome.minLoad ?? undefined;
    this.loadBound = facts.outcome.loadBound ?? undefined;
    this.#handle = handle;
  }

  /**
   * A plan from what {@link Plan.toJSON} gave. Checks shape, id and sums; {@link Plan.verify}
   * proves the rest.
   *
   * @throws {StowageError} `ERR_INVALID_PLAN` with the first fault
   *
   * @example
   * const plan = planSync(LengthHistogram.from([5, 3, 5, 7]), { capacity: 10 });
   * Plan.fromJSON(JSON.parse(JSON.stringify(plan))).id === plan.id; // => true
   */
  static fromJSON(json: unknown): Plan {
    return makePlan(fromPlanJSON(json));
  }

  /**
   * 32 hex digits; equal plans have equal ids: same capacity, alignment, limit and templates. O(templates)
   * when first asked for.
   *
   * @example
   * planSync(LengthHistogram.from([5, 3]), { capacity: 10 }).id === planSync(LengthHistogram.from([3, 5]), { capacity: 10 }).id; // => true
   */
  get id(): string {
    this.#id ??= this.#handle.id();
    return this.#id;
  }

  /**
   * The proof of `lowerBound`.
   *
   * @example
   * const { kind, packWeight } = planSync(LengthHistogram.from([5, 3, 5, 7]), { capacity: 10 }).certificate;
   * [kind, packWeight]; // => ["L1", 10]
   */
  get certificate(): Certificate {
    return certificateOf(this.#handle, this.#handle.certificate(), false);
  }

  /**
   * The proof of `loadBound`: weights at capacity `loadBound - 1` of which more packs would be needed
   * than there are. Undefined for other objectives, for other loads than tokens, and where the bound
   * is the longest sequence.
   *
   * @example
   * const plan = planSync(LengthHistogram.from([5, 3, 5, 7]), { objective: "maxLoad", packCount: 2 });
   * [plan.loadBound, plan.loadCertificate.kind, plan.loadCertificate.packWeight]; // => [10, "L1", 9]
   */
  get loadCertificate(): Certificate | undefined {
    const head = this.#handle.loadCertificate();
    return head ? certificateOf(this.#handle, head, true) : undefined;
  }

  /**
   * Template `t`: lengths that share a pack, and how many packs use it. Templates are in plan
   * order: longer first; by falling load where that was the objective.
   *
   * @throws {StowageError} `ERR_OPTION` if there is no template `t`
   *
   * @example
   * planSync(LengthHistogram.from([5, 3, 5, 7]), { capacity: 10 }).templateAt(0).lengths; // => [7, 3]
   */
  templateAt(t: number): Template {
    if (!isInteger(t, 0, this.templateCount - 1)) {
      const range = this.templateCount === 0 ? "there are none" : `0 .. ${this.templateCount - 1}`;
      throw new StowageError(
        "ERR_OPTION",
        `\`t\` must be the number of a template, ${range}, got ${show(t)}`,
      );
    }
    const { size, multiplicity } = this.#handle.template(t);
    const lengths = allocate(Uint32Array, size) as U32;
    this.#handle.templateInto(t, lengths);
    return { lengths, multiplicity };
  }

  /** All templates in plan order. */
  *templates(): IterableIterator<Template> {
    for (let t = 0; t < this.templateCount; t++) yield this.templateAt(t);
  }

  /**
   * The packing of these lengths: sequences of each length fill that length's places in input
   * order. The lengths must have exactly the planned histogram.
   *
   * @param options see {@link SyncOptions}
   * @throws {StowageError} `ERR_HISTOGRAM_MISMATCH` with the first `length` that differs; `ERR_LENGTH`;
   * `ERR_TOO_MANY_SEQUENCES` above 2^32-1; `ERR_OPTION`
   *
   * @example
   * const lengths = [5, 3, 5, 7];
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * plan.assign(lengths).toArrays(); // => [[3, 1], [0, 2]]
   */
  assign(lengths: Lengths, options: SyncOptions = {}): Packing {
    const handle = this.#handle;
    const given = givenOptions(options, "{ threads }");
    refuseUnknown(given, ["threads"]);
    const threads = partsOf({ threads: toThreads(given) });
    const values = toUint32(lengths);
    const prepared = translate(() => handle.assign(values, threads));
    const made = room(prepared);
    translate(() => prepared.bindInto(values, ...arraysOf(made), threads));
    const { sequenceAlignment, maxSequencesPerPack: limit } = handle.facts();
    const { capacity, strategy } = this;
    const maxSequencesPerPack = limit ?? undefined;
    const kept = { capacity, strategy, sequenceAlignment, maxSequencesPerPack };
    return finish(prepared, made, kept, values.length);
  }

  /**
   * One epoch of this plan's packs: a seeded pairing of sequences and a seeded order of packs, as a
   * pure function. Costs O(templates), however many sequences there are.
   *
   * @param index of exactly the planned lengths
   * @param options see {@link EpochOptions}; `seed` and `epoch` are needed
   * @throws {StowageError} `ERR_HISTOGRAM_MISMATCH` with the first `length` that differs; `ERR_OPTION`
   *
   * @example
   * const lengths = [5, 3, 5, 7];
   * const index = new LengthIndex(lengths);
   * const plan = planSync(LengthHistogram.from(lengths), { capacity: 10 });
   * const packs = [0, 1].map((epoch) => plan.epoch(index, { seed: 1, epoch }).packCount);
   * packs; // => [2, 2]
   */
  epoch(index: LengthIndex, options: EpochOptions): Epoch {
    return epochOf(this.#handle, index, options);
  }

  /**
   * How much of their time ranks work, and don't wait for the slowest, when they run this plan's
   * packs side by side: in the order 'shuffled' and in the order 'balanced'. O(templates): expected
   * over all shuffled orders, and what balanced groups give. With `exact`, O(packs), the shares of one
   * epoch and whether lengths show a trend over its steps.
   *
   * @param options see {@link BalanceOptions}; `worldSize` is needed
   * @throws {StowageError} `ERR_OPTION`
   *
   * @example
   * const plan = planSync(LengthHistogram.from([9, 5, 9, 5]), { capacity: 10 });
   * plan.balance({ worldSize: 1 }).balanced.usefulShare; // => 1
   * plan.balance({ worldSize: 2, exact: true }).balanced.correlation; // => -1
   */
  balance(options: BalanceOptions): PlanBalance {
    const handle = this.#handle;
    const checked = checkBalanceOptions(options);
    if (checked.exact) return translate(() => native.planBalance(handle, checked.native));
    const { shuffled, balanced } = translate(() => native.planShares(handle, checked.native));
    return { shuffled: { usefulShare: shuffled }, balanced: { usefulShare: balanced } };
  }

  /**
   * The figures of the packing that this plan stands for, without making it. O(templates).
   *
   * @example
   * planSync(LengthHistogram.from([5, 3, 5, 7]), { capacity: 10 }).stats().efficiency; // => 1
   */
  stats(): PackingStats {
    const handle = this.#handle;
    return translate(() => handle.stats());
  }

  /**
   * Checks the templates against the histogram and proves `lowerBound` again from the certificate,
   * in integer arithmetic. The proof of a linear program looks at up to 2^26 sums of lengths, seconds
   * of work (2^33 steps at most, some ten seconds): {@link verifyPlan} does it off the JavaScript thread.
   *
   * @throws {StowageError} `ERR_INVALID_PLAN` naming the step and the length, also where a proof would take
   * more than those, which none does that {@link plan} made; `ERR_MEMORY`
   *
   * @example
   * const histogram = LengthHistogram.from([5, 3, 5, 7]);
   * planSync(histogram, { capacity: 10 }).verify(histogram); // => undefined
   */
  verify(histogram: LengthHistogram): void {
    const handle = this.#handle;
    const counts = toHistogram(histogram);
    translate(() => handle.verify(counts));
  }

  /** Plain data for `JSON.stringify`; {@link Plan.fromJSON} reads it. */
  toJSON(): PlanJSON {
    return toPlanJSON(this.#handle, this.certificate, this.loadCertificate);
  }
}

/** A certificate with its weights. */
function certificateOf(
  handle: Handle,
  { kind, parameter, packWeight, counted, count }: ReturnType<Handle["certificate"]>,
  ofLoads: boolean,
): Certificate {
  const lengths = allocate(Uint32Array, count);
  const weights = allocate(Float64Array, count);
  handle.weightsInto(ofLoads, lengths, weights);
  const pairs = Array.from(lengths, (length, at): [number, number] => [length, weights[at]!]);
  return {
    kind: kind as Certificate["kind"],
    packWeight,
    ...(counted && { counted }),
    weights: pairs,
    ...(parameter !== null && { parameter }),
  };
}
