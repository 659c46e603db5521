// What a plan consists of, as plain data: templates, the certificate, its form as JSON, its balance.

import type { U32 } from "../base/memory.js";
import type { Strategy } from "../packing/strategies.js";

/** A plan as plain data. Equal plans have equal ids, whatever made them. */
export interface PlanJSON {
  /** Of this format: 2 where loads were the objective or the certificate is counted, else 1. */
  version: 1 | 2;
  /** First 32 hex digits of a SHA-256 over capacity, alignment, limit and templates. */
  id: string;
  /** Full name of the strategy asked for. */
  strategy: Strategy;
  /** Tokens that a pack holds. */
  capacity: number;
  /** Absent: no limit. */
  maxSequencesPerPack?: number;
  /** Each sequence takes a multiple of this. */
  sequenceAlignment: number;
  /** Absent: 1. */
  packCountMultipleOf?: number;
  /** Absent: as few as possible. */
  packCount?: number;
  /** Policy for sequences longer than a pack. */
  overlong: "error" | "drop" | "truncate" | "split" | "truncate-start";
  /** Policy for sequences without tokens. */
  empty: "error" | "drop";
  /** Sequences given; only where pieces of split sequences hide it. */
  sequenceCount?: number;
  /** Where all tokens went. */
  ledger: {
    tokensIn: number;
    tokensPacked: number;
    tokensTruncated: number;
    tokensDropped: number;
    droppedCount: number;
  };
  /** No packing has fewer packs. */
  lowerBound: number;
  /** The proof of it. */
  certificate: Certificate;
  /** Absent: 'packs'. The others below are absent then, too. */
  objective?: "maxLoad";
  /** The load of a sequence: linear × length + quadratic × length². */
  cost?: { linear: number; quadratic: number };
  /** Absent: packs may hold any numbers of sequences. */
  equalCounts?: true;
  /** The load of the heaviest pack. */
  maxLoad?: number;
  /** The load of the lightest pack. */
  minLoad?: number;
  /** No plan of as many packs has a smaller largest load. */
  loadBound?: number;
  /** The proof of it, at capacity `loadBound - 1`; absent where the bound is proved from its definition. */
  loadCertificate?: Certificate;
  /** `[multiplicity, [[length, times], …]]` in plan order; by falling load with 'maxLoad'. */
  templates: [multiplicity: number, runs: [length: number, times: number][]][];
}

/** The lengths that share a pack, and how many packs use them. */
export interface Template {
  /** Descending, with repetition. */
  lengths: U32;
  /** Number of packs with these lengths. */
  multiplicity: number;
}

/**
 * The proof of a lower bound: `packs >= ceil(Σ weight × count / packWeight)`, because no feasible
 * pack weighs more than `packWeight`. Lengths are in units of `sequenceAlignment`, descending;
 * absent ones weigh 0.
 */
export interface Certificate {
  /** How the weights were found: tokens (L1), Martello and Toth (L2), dual feasible functions (u, ccm), sequences (count), a linear program (LP). */
  kind: "L1" | "L2" | "u" | "ccm" | "count" | "LP";
  /** The parameter of `kind`; absent for L1 and LP. */
  parameter?: number;
  /** No feasible pack weighs more than this. */
  packWeight: number;
  /** `packWeight` holds for packs with no more sequences of a length than there are; only with 'LP'. Absent: for all packs. */
  counted?: true;
  /** Weight of each length. */
  weights: [length: number, weight: number][];
}

/** How well an order of packs keeps ranks busy. */
export interface OrderBalance {
  /** Σ mean costs of the steps / Σ their greatest costs, 0 .. 1: the share of the time in which ranks work. */
  usefulShare: number;
  /** Correlation (Pearson) of the number of a step and the mean length of its sequences, -1 .. 1: near 0, training sees no trend. With `exact` only. */
  correlation?: number;
}

/** The two orders of an epoch that ranks may run, compared. */
export interface PlanBalance {
  /** Packs in seeded order. */
  shuffled: OrderBalance;
  /** Groups of packs of near-equal cost in seeded order. */
  balanced: OrderBalance;
}
