// The options of an epoch and of its balance, and their form for native code.

import { StowageError } from "../base/errors.js";
import {
  booleanOption,
  choiceOption,
  type Given,
  givenOptions,
  integerOption,
  isInteger,
  refuseUnknown,
  show,
  toSeed,
} from "../base/options.js";

/** What makes one epoch of a plan differ from another. */
export interface EpochOptions {
  /** 0 .. 2^53-1 or a bigint below 2^64; the same for all epochs of a training run. */
  seed: number | bigint;
  /** Epoch number, from 0; each gives another pairing and another order of packs. */
  epoch: number;
  /** Order of the packs: 'shuffled' (default), 'plan', or 'balanced' (packs of equal cost stand together so that ranks finish together). */
  order?: "shuffled" | "plan" | "balanced" | undefined;
  /** Cost of a pack for 'balanced': linear × Σ length + quadratic × Σ length². Default { linear: 0, quadratic: 1 }, attention alone. */
  cost?: PackCost | undefined;
  /** Packs that run side by side, 1 .. 2^32-1; 'balanced' needs it (ERR_OPTION). */
  worldSize?: number | undefined;
}

/** Cost of a pack: linear × Σ length + quadratic × Σ length². Finite weights >= 0. */
export interface PackCost {
  /** Cost of a token. */
  linear: number;
  /** Cost of a squared length: attention. */
  quadratic: number;
}

/** Ranks that run packs side by side, and what a pack costs them. */
export interface BalanceOptions {
  /** Packs that run side by side, 1 .. 2^32-1. */
  worldSize: number;
  /** Default { linear: 0, quadratic: 1 }, attention alone. */
  cost?: PackCost | undefined;
  /** Walk through the packs of epoch 0 of `seed`, about 1 µs each, instead of the templates: this epoch's own shares, and their `correlation`. Default false. */
  exact?: boolean | undefined;
  /** Of the shuffled orders, with `exact`. Default 0. */
  seed?: number | bigint | undefined;
}

/** Checked options, for native code. */
export interface NativeEpochOptions {
  seedHigh: number;
  seedLow: number;
  epoch: number;
  order: number;
  linear: number;
  quadratic: number;
  worldSize: number;
}

const orders = ["shuffled", "plan", "balanced"] as const;

/** `options` of `plan.epoch`, checked. */
export function checkEpochOptions(options: unknown): NativeEpochOptions {
  const given = givenOptions(options, "{ seed, epoch }");
  refuseUnknown(given, ["seed", "epoch", "order", "cost", "worldSize"]);
  const seed = halves(given.seed);
  if (!isInteger(given.epoch, 0, Number.MAX_SAFE_INTEGER)) {
    const message = `\`epoch\` must be an integer >= 0, the number of the epoch, got ${show(given.epoch)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  const order = choiceOption(given, "order", orders) ?? "shuffled";
  const cost = toCost(given);
  const worldSize = integerOption(given, "worldSize", 1, 0xffff_ffff);
  if (order === "balanced" && worldSize === undefined) {
    const message =
      "`order` 'balanced' needs `worldSize`, the number of packs that run side by side";
    throw new StowageError("ERR_OPTION", message);
  }
  const place = orders.indexOf(order);
  return { ...seed, epoch: given.epoch, order: place, ...cost, worldSize: worldSize ?? 1 };
}

/** `options` of `plan.balance`, checked. */
export function checkBalanceOptions(options: unknown): {
  exact: boolean;
  native: NativeEpochOptions;
} {
  const given = givenOptions(options, "{ worldSize }");
  refuseUnknown(given, ["worldSize", "cost", "exact", "seed"]);
  const worldSize = integerOption(given, "worldSize", 1, 0xffff_ffff);
  if (worldSize === undefined) {
    const message = "`worldSize`, the number of packs that run side by side, is missing";
    throw new StowageError("ERR_OPTION", message);
  }
  const cost = toCost(given);
  const exact = booleanOption(given, "exact") ?? false;
  if (given.seed !== undefined && !exact) {
    const message =
      "`seed` chooses one order, which `exact: true` looks at; set it, or leave out seed";
    throw new StowageError("ERR_OPTION", message);
  }
  const native = { ...halves(given.seed ?? 0), epoch: 0, order: 2, ...cost, worldSize };
  return { exact, native };
}

function halves(value: unknown): { seedHigh: number; seedLow: number } {
  const seed = toSeed(value);
  return { seedHigh: Number(seed >> 32n), seedLow: Number(seed & 0xffff_ffffn) };
}

function toCost(given: Given): PackCost {
  if (given.cost === undefined) return { linear: 0, quadratic: 1 };
  if (typeof given.cost !== "object" || given.cost === null || Array.isArray(given.cost)) {
    const message = `\`cost\` must be { linear, quadratic }, got ${show(given.cost)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  const cost = givenOptions(given.cost);
  refuseUnknown(cost, ["linear", "quadratic"]);
  return { linear: weight(cost, "linear"), quadratic: weight(cost, "quadratic") };
}

function weight(cost: Given, name: string): number {
  const value = cost[name];
  // Below 2^53, so that no cost of a pack leaves the finite numbers.
  if (typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  const message = `\`cost.${name}\` must be a number 0 .. 2^53 - 1, got ${show(value)}`;
  throw new StowageError("ERR_OPTION", message);
}
