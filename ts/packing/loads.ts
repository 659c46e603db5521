// The objective 'maxLoad': its options, checked.

import { StowageError } from "../base/errors.js";
import {
  booleanOption,
  choiceOption,
  type Given,
  givenOptions,
  isInteger,
  refuseUnknown,
  show,
} from "../base/options.js";

/** What equal loads keep to, for native code. */
export interface NativeLoads {
  linear: number;
  quadratic: number;
  equalCounts: boolean;
  free: boolean;
}

const objectives = ["packs", "maxLoad"] as const;

/**
 * The options of equal loads, or undefined where packs are the objective. `costElsewhere`: `cost` has
 * another use beside this one.
 */
export function loadsOf(
  given: Given,
  strategy: string,
  costElsewhere: boolean,
): NativeLoads | undefined {
  const objective = choiceOption(given, "objective", objectives) ?? "packs";
  const equalCounts = booleanOption(given, "equalCounts") ?? false;
  if (objective === "packs") {
    if (equalCounts) refuse("`equalCounts` works with `objective` 'maxLoad' only");
    if (given.cost !== undefined && !costElsewhere)
      refuse("`cost` works with `objective` 'maxLoad' only; leave it out");
    return undefined;
  }
  if (strategy !== "auto" && strategy !== "optimal") {
    const message = `\`objective\` 'maxLoad' works with the strategies 'auto' and 'optimal', not with '${strategy}'`;
    throw new StowageError("ERR_STRATEGY", message);
  }
  const free = given.capacity === undefined;
  if (free && given.packCount === undefined)
    refuse("`objective` 'maxLoad' needs `packCount`, the number of packs, or `capacity`");
  return { ...costOf(given.cost), equalCounts, free };
}

function refuse(message: string): never {
  throw new StowageError("ERR_OPTION", message);
}

/** Whole numbers, so that loads are exact. */
function costOf(cost: unknown): { linear: number; quadratic: number } {
  if (cost === undefined) return { linear: 1, quadratic: 0 };
  const given = givenOptions(cost, "{ linear, quadratic }");
  refuseUnknown(given, ["linear", "quadratic"]);
  const factor = (key: "linear" | "quadratic"): number => {
    const value = given[key];
    if (isInteger(value, 0, 0x7fff_ffff)) return value;
    refuse(
      `\`cost.${key}\` must be an integer 0 .. 2147483647 with \`objective\` 'maxLoad', got ${show(value)}`,
    );
  };
  return { linear: factor("linear"), quadratic: factor("quadratic") };
}
