// Plans as JSON: plain data out, checked data in.

import { StowageError, translate } from "../base/errors.js";
import { allocate } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import { type Given, isInteger, ownOf, show, showSome } from "../base/options.js";
import { checkPackOptions } from "../packing/options.js";
import type { Strategy } from "../packing/strategies.js";
import type { Certificate, PlanJSON } from "./parts.js";

type Handle = InstanceType<Native["Plan"]>;

const policies = ["error", "drop", "truncate", "split", "truncate-start"] as const;

/** The plan as plain data, properties in the documented order. */
export function toPlanJSON(
  handle: Handle,
  certificate: Certificate,
  loadCertificate: Certificate | undefined,
): PlanJSON {
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
  const { loads, outcome } = facts;
  return {
    version: loads !== null || Object.hasOwn(certificate, "counted") ? 2 : 1,
    id: handle.id(),
    strategy: facts.strategy as Strategy,
    capacity: facts.capacity,
    ...(maxSequencesPerPack !== null && { maxSequencesPerPack }),
    sequenceAlignment: facts.sequenceAlignment,
    ...(packCountMultipleOf > 1 && { packCountMultipleOf }),
    ...(packCountAsked !== null && { packCount: packCountAsked }),
    overlong: policies[facts.overlong]!,
    empty: policies[facts.empty] as "error" | "drop",
    ...(splitSequences !== null && { sequenceCount: splitSequences }),
    ledger: handle.ledger(),
    lowerBound: facts.lowerBound,
    certificate,
    ...(loads !== null && {
      objective: "maxLoad" as const,
      cost: { linear: loads.linear, quadratic: loads.quadratic },
      ...(loads.equalCounts && { equalCounts: true as const }),
      maxLoad: outcome.maxLoad ?? 0,
      minLoad: outcome.minLoad ?? 0,
      loadBound: outcome.loadBound ?? 0,
    }),
    ...(loadCertificate !== undefined && { loadCertificate }),
    templates,
  };
}

/** The native plan of plain data, or ERR_INVALID_PLAN with the first fault. */
export function fromPlanJSON(json: unknown): Handle {
  const given = record(json, "a plan");
  if (given.version !== 1 && given.version !== 2)
    throw broken(`\`version\` must be 1 or 2, got ${show(given.version)}`);
  if (typeof given.id !== "string" || !/^[0-9a-f]{32}$/.test(given.id))
    throw broken(`\`id\` must be 32 hex digits, got ${show(given.id)}`);
  const { native: options } = optionsOf(given);
  const ledger = ledgerOf(given.ledger);
  const certificate = certificateOf(given.certificate, "certificate");
  const loadCertificate =
    given.loadCertificate === undefined
      ? undefined
      : certificateOf(given.loadCertificate, "loadCertificate");
  if (given.version === 1 && (options.loads !== null || certificate.head.counted))
    throw broken("version 1 knows neither loads nor counted certificates");
  const outcome = {
    stopped: null,
    maxLoad: options.loads === null ? null : count(given, "maxLoad"),
    minLoad: options.loads === null ? null : count(given, "minLoad"),
    loadBound: options.loads === null ? null : count(given, "loadBound"),
  };
  const parts = {
    id: given.id,
    options,
    ledger,
    lowerBound: count(given, "lowerBound"),
    proof: certificate.head,
    loadProof: loadCertificate?.head ?? null,
    outcome: options.loads === null ? null : outcome,
    sequenceCount: given.sequenceCount === undefined ? null : count(given, "sequenceCount"),
  };
  const { multiplicities, ends, lengths, times } = templatesOf(given.templates);
  const pairs = [...certificate.pairs, ...(loadCertificate?.pairs ?? [])];
  const weightLengths = Uint32Array.from(pairs, (pair) => pair[0]);
  const weights = Float64Array.from(pairs, (pair) => pair[1]);
  return translate(() =>
    native.planFromParts(parts, multiplicities, ends, lengths, times, weightLengths, weights),
  );
}

function broken(message: string): StowageError {
  return new StowageError("ERR_INVALID_PLAN", `this is no plan: ${message}`);
}

function record(value: unknown, name: string): Given {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return ownOf(value);
  throw broken(`${name} must be an object, got ${show(value)}`);
}

/** The options are those of a packing, so their own checks apply. */
function optionsOf(given: Given): ReturnType<typeof checkPackOptions> {
  const { capacity, strategy, maxSequencesPerPack, sequenceAlignment } = given;
  const { packCountMultipleOf, packCount, overlong, empty } = given;
  const options = { capacity, strategy, maxSequencesPerPack, sequenceAlignment };
  const { objective, cost, equalCounts } = given;
  const loads = { objective, cost, equalCounts };
  try {
    const all = { ...options, packCountMultipleOf, packCount, overlong, empty, ...loads };
    return checkPackOptions(ownOf({ ...all, capacity: capacity ?? null }));
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

function certificateOf(
  value: unknown,
  name: string,
): {
  head: {
    kind: string;
    packWeight: number;
    parameter: number | null;
    counted: boolean;
    count: number;
  };
  pairs: [number, number][];
} {
  const given = record(value, `\`${name}\``);
  if (!kinds.includes(given.kind)) throw broken(`\`${name}.kind\` is ${show(given.kind)}`);
  if (given.counted !== undefined && given.counted !== true)
    throw broken(`\`${name}.counted\` must be true or absent, got ${show(given.counted)}`);
  const pairs = pairsOf(given.weights, `${name}.weights`, Number.MAX_SAFE_INTEGER);
  return {
    head: {
      kind: given.kind as string,
      packWeight: count(given, "packWeight", 1),
      parameter: given.parameter === undefined ? null : count(given, "parameter"),
      counted: given.counted === true,
      count: pairs.length,
    },
    pairs,
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

/** Pairs of numbers, each read once: an array may have getters. */
function pairsOf(value: unknown, name: string, most: number): [number, number][] {
  if (!Array.isArray(value)) throw broken(`\`${name}\` must hold pairs, got ${show(value)}`);
  const pairs: [number, number][] = [];
  for (const pair of value) {
    const [length, number, more] = Array.isArray(pair) ? pair : [];
    if (!isInteger(length, 1, 0x7fff_ffff) || !isInteger(number, 1, most) || more !== undefined)
      throw broken(`\`${name}\` holds ${Array.isArray(pair) ? showSome(pair) : show(pair)}`);
    pairs.push([length, number]);
  }
  return pairs;
}
