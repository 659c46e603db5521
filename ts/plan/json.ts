// Plans as JSON: plain data out, checked data in.

import { StowageError, translate } from "../base/errors.js";
import { allocate } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import { type Given, isInteger, show } from "../base/options.js";
import { checkPackOptions } from "../packing/options.js";
import type { Strategy } from "../packing/strategies.js";
import type { Certificate, PlanJSON } from "./parts.js";

type Handle = InstanceType<Native["Plan"]>;

const policies = ["error", "drop", "truncate", "split"] as const;

/** The plan as plain data, properties in the documented order. */
export function toPlanJSON(handle: Handle, certificate: Certificate): PlanJSON {
  const facts = handle.facts();
  const multiplicities = allocate(Float64Array, facts.templateCount);
  const ends = allocate(Float64Array, facts.templateCount);
  const lengths = allocate(Uint32Array, facts.runCount);
  const times = allocate(Uint32Array, facts.runCount);
  handle.templatesInto(multiplicities, ends, lengths, times);
  let run = 0;
  const templates = Array.from(multiplicities, (multiplicity, t): PlanJSON["templates"][number] => {
    const runs: [number, number][] = [];
    for (; run < ends[t]!; run++) runs.push([lengths[run]!, times[run]!]);
    return [multiplicity, runs];
  });
  const { maxSequencesPerPack, packCountMultipleOf, packCountAsked, splitSequences } = facts;
  return {
    version: 1,
    id: handle.id(),
    strategy: facts.strategy as Strategy,
    capacity: facts.capacity,
    ...(maxSequencesPerPack !== undefined && { maxSequencesPerPack }),
    sequenceAlignment: facts.sequenceAlignment,
    ...(packCountMultipleOf > 1 && { packCountMultipleOf }),
    ...(packCountAsked !== undefined && { packCount: packCountAsked }),
    overlong: policies[facts.overlong]!,
    empty: policies[facts.empty] as "error" | "drop",
    ...(splitSequences !== undefined && { sequenceCount: splitSequences }),
    ledger: handle.ledger(),
    lowerBound: facts.lowerBound,
    certificate,
    templates,
  };
}

/** The native plan of plain data, or ERR_INVALID_PLAN with the first fault. */
export function fromPlanJSON(json: unknown): Handle {
  const given = record(json, "a plan");
  if (given.version !== 1) throw broken(`\`version\` must be 1, got ${show(given.version)}`);
  if (typeof given.id !== "string" || !/^[0-9a-f]{32}$/.test(given.id))
    throw broken(`\`id\` must be 32 hex digits, got ${show(given.id)}`);
  const { native: options } = optionsOf(given);
  const ledger = ledgerOf(given.ledger);
  const certificate = certificateOf(given.certificate);
  const sequenceCount =
    given.sequenceCount === undefined ? undefined : count(given, "sequenceCount");
  const parts = {
    id: given.id,
    options,
    ledger,
    lowerBound: count(given, "lowerBound"),
    ...certificate.head,
    ...(sequenceCount !== undefined && { sequenceCount }),
  };
  const { multiplicities, ends, lengths, times } = templatesOf(given.templates);
  const { weightLengths, weights } = certificate;
  return translate(() =>
    native.planFromParts(parts, multiplicities, ends, lengths, times, weightLengths, weights),
  );
}

function broken(message: string): StowageError {
  return new StowageError("ERR_INVALID_PLAN", `this is no plan: ${message}`);
}

function record(value: unknown, name: string): Given {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Given;
  throw broken(`${name} must be an object, got ${show(value)}`);
}

/** The options are those of a packing, so their own checks apply. */
function optionsOf(given: Given): ReturnType<typeof checkPackOptions> {
  const { capacity, strategy, maxSequencesPerPack, sequenceAlignment } = given;
  const { packCountMultipleOf, packCount, overlong, empty } = given;
  const options = { capacity, strategy, maxSequencesPerPack, sequenceAlignment };
  try {
    return checkPackOptions({ ...options, packCountMultipleOf, packCount, overlong, empty });
  } catch (cause) {
    throw broken((cause as Error).message);
  }
}

function count(given: Given, name: string, low = 0): number {
  const value = given[name];
  if (isInteger(value, low, Number.MAX_SAFE_INTEGER)) return value;
  throw broken(`\`${name}\` must be an integer ${low} .. 2^53 - 1, got ${show(value)}`);
}

function ledgerOf(value: unknown): PlanJSON["ledger"] {
  const given = record(value, "`ledger`");
  return {
    tokensIn: count(given, "tokensIn"),
    tokensPacked: count(given, "tokensPacked"),
    tokensTruncated: count(given, "tokensTruncated"),
    tokensDropped: count(given, "tokensDropped"),
    droppedCount: count(given, "droppedCount"),
  };
}

const kinds: readonly unknown[] = ["L1", "L2", "u", "ccm", "count", "LP"];

function certificateOf(value: unknown): {
  head: { kind: string; packWeight: number; parameter?: number };
  weightLengths: Uint32Array;
  weights: Float64Array;
} {
  const given = record(value, "`certificate`");
  if (!kinds.includes(given.kind)) throw broken(`\`certificate.kind\` is ${show(given.kind)}`);
  const pairs = pairsOf(given.weights, "certificate.weights", Number.MAX_SAFE_INTEGER);
  const parameter = given.parameter === undefined ? {} : { parameter: count(given, "parameter") };
  return {
    head: { kind: given.kind as string, packWeight: count(given, "packWeight", 1), ...parameter },
    weightLengths: Uint32Array.from(pairs, (pair) => pair[0]),
    weights: Float64Array.from(pairs, (pair) => pair[1]),
  };
}

function templatesOf(value: unknown): {
  multiplicities: Float64Array;
  ends: Float64Array;
  lengths: Uint32Array;
  times: Uint32Array;
} {
  if (!Array.isArray(value)) throw broken(`\`templates\` must be an array, got ${show(value)}`);
  const multiplicities: number[] = [];
  const ends: number[] = [];
  const runs: [number, number][] = [];
  for (const [t, template] of value.entries()) {
    const [multiplicity, its] = Array.isArray(template) ? template : [];
    if (!isInteger(multiplicity, 1, Number.MAX_SAFE_INTEGER))
      throw broken(
        `templates[${t}] must begin with how many packs use it, got ${show(multiplicity)}`,
      );
    for (const run of pairsOf(its, `templates[${t}]`, 0xffff_ffff)) runs.push(run);
    multiplicities.push(multiplicity);
    ends.push(runs.length);
  }
  return {
    multiplicities: Float64Array.from(multiplicities),
    ends: Float64Array.from(ends),
    lengths: Uint32Array.from(runs, (run) => run[0]),
    times: Uint32Array.from(runs, (run) => run[1]),
  };
}

function pairsOf(value: unknown, name: string, most: number): [number, number][] {
  if (!Array.isArray(value)) throw broken(`\`${name}\` must hold pairs, got ${show(value)}`);
  for (const pair of value) {
    const [length, number, more] = Array.isArray(pair) ? pair : [];
    if (!isInteger(length, 1, 0x7fff_ffff) || !isInteger(number, 1, most) || more !== undefined)
      throw broken(`\`${name}\` holds ${Array.isArray(pair) ? `[${pair.map(show)}]` : show(pair)}`);
  }
  return value as [number, number][];
}
