// What other capacities would give: plans at effort 0, a few milliseconds each.

import { type JobOptions, type LengthHistogram, type PackOptions, pack, plan } from "stowage";
import type { Counted } from "./bins.js";
import type { CapacityTrial, ReportedOptions } from "./data.js";
import { lossesOf, placed } from "./overlong.js";

/** At most so many capacities are tried. */
const MOST = 40;
/** In-order packing looks at every sequence, for every capacity. */
export const IN_ORDER: number = 10_000_000;

/** What a trial keeps of the packing's options. */
export type Kept = Pick<ReportedOptions, "overlong" | "empty"> &
  Pick<PackOptions, "maxSequencesPerPack" | "sequenceAlignment">;

/**
 * Capacities worth a look: powers of two and the steps halfway, quarters where fewer than 12 remain;
 * multiples of 64; from where truncating loses at most half of the tokens to twice the longest; with
 * 16 packs at least. The chosen one is among them.
 */
export function candidates(counted: Counted, tokens: number, capacity: number): number[] {
  const longest = counted.lengths.at(-1) ?? 0;
  const steps = (perDoubling: number): number[] => {
    const found = new Set<number>();
    for (let k = 6 * perDoubling; k <= 31 * perDoubling; k++) {
      const step = Math.round(2 ** (k / perDoubling) / 64) * 64;
      if (step <= 0x7fff_ffff && step <= 2 * longest && step * 16 <= tokens) found.add(step);
    }
    return [...found].filter((step) => lossesOf(counted, step).truncate <= tokens / 2);
  };
  const halves = steps(2);
  const found = halves.length < 12 ? steps(4) : halves;
  return [...new Set([...found.slice(-(MOST - 1)), capacity])].sort((a, b) => a - b);
}

/** What `capacity` would give. */
export async function trial(
  histogram: LengthHistogram,
  counted: Counted,
  lengths: Uint32Array | undefined,
  capacity: number,
  kept: Kept,
  worldSize: number,
  watch: JobOptions,
): Promise<CapacityTrial> {
  const alignment = kept.sequenceAlignment ?? 1;
  const usable = Math.floor(capacity / alignment) * alignment;
  // What stops a packing is no answer here: 'split' loses nothing.
  const overlong = kept.overlong === "error" ? "split" : kept.overlong;
  const options = { ...kept, overlong, empty: "drop", capacity } as const;
  const planned = await plan(histogram, { ...options, effort: 0, ...watch });
  const { packCount, efficiency } = planned;
  const order = lengths && (await pack(lengths, { ...options, strategy: "next-fit", ...watch }));
  let [rows, tokens] = [0, 0];
  for (const [length, count] of placed(counted, usable, overlong)) {
    rows += count;
    tokens += length * count;
  }
  const ranks = packCount >= 2 * worldSize ? planned.balance({ worldSize }) : undefined;
  return {
    capacity,
    overlong: lossesOf(counted, usable),
    packCount,
    efficiency,
    single: rows === 0 ? 0 : tokens / (rows * capacity),
    ...(order && { nextFit: order.efficiency }),
    ...(ranks && {
      shuffled: ranks.shuffled.usefulShare,
      balanced: ranks.balanced.usefulShare,
    }),
  };
}
