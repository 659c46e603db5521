// What two packings that are compared are called, so that they can be told apart.

import type { ReportData } from "./data.js";
import { n } from "./text.js";

/** Their labels; where these are the same, with the capacity, the strategy, or their place as well. */
export function pairOf(left: ReportData, right: ReportData): [string, string] {
  const ways: ((data: ReportData, at: number) => string)[] = [
    ({ source }) => source.label,
    ({ source, options }) => `${source.label}, ${n(options.capacity)}`,
    ({ source, options }) => `${source.label}, ${options.strategy}`,
    ({ source }, at) => `${source.label}, ${at === 0 ? "first" : "second"}`,
  ];
  const pairs = ways.map((way): [string, string] => [way(left, 0), way(right, 1)]);
  return pairs.find(([one, two]) => one !== two)!;
}
