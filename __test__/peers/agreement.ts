// Agreement with the real seqpacker from PyPI on fresh random inputs: where it is right we give the
// same. `npm run test:peers -- [--instances 200] [--seed 7]`. Makes a virtual environment of its own.
//
// next-fit, first-fit, best-fit, worst-fit, harmonic: the same packs in the same order. First- and
// best-fit-decreasing (its ffd, obfd and, up to 20,000 sequences, obfdp): the same templates; which
// of several equally long sequences stands where isn't defined there. Its bfd breaks ties otherwise:
// the same number of packs.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { peersPython } from "../../benchmark/environment.js";
import { packSync } from "../../index.js";
import { type Instance, instances } from "./instances.js";

interface Packs {
  readonly ids: readonly number[];
  readonly ends: readonly number[];
}

type Sameness = "packs" | "templates" | "count";

const AGREEMENTS: readonly [strategy: string, theirs: string, same: Sameness][] = [
  ["next-fit", "nf", "packs"],
  ["first-fit", "ff", "packs"],
  ["best-fit", "bf", "packs"],
  ["worst-fit", "wf", "packs"],
  ["harmonic", "hk", "packs"],
  ["first-fit-decreasing", "ffd", "templates"],
  ["best-fit-decreasing", "obfd", "templates"],
  ["best-fit-decreasing", "obfdp", "templates"],
  ["best-fit-decreasing", "bfd", "count"],
];

/** What has to be equal, as text. */
const VIEWS: Record<Sameness, (packs: number[][], lengths: readonly number[]) => string> = {
  packs: (packs) => JSON.stringify(packs),
  templates: (packs, lengths) =>
    packs
      .map((pack) => pack.map((index) => lengths[index] ?? 0).sort((a, b) => b - a))
      .map((template) => template.join(" "))
      .sort()
      .join("\n"),
  count: (packs) => String(packs.length),
};

function toArrays({ ids, ends }: Packs): number[][] {
  return ends.map((end, k) => ids.slice(ends[k - 1] ?? 0, end));
}

/** Number of comparisons made; throws at the first that differs. */
function compare(given: readonly Instance[], theirs: readonly Record<string, Packs>[]): number {
  let comparisons = 0;
  for (const [index, { capacity, lengths, kind }] of given.entries()) {
    for (const [strategy, name, same] of AGREEMENTS) {
      const packs = theirs[index]?.[name];
      if (packs === undefined) throw new Error(`seqpacker gave nothing for ${name}`);
      const ours = packSync(lengths, { capacity, strategy }).toArrays();
      const view = VIEWS[same];
      comparisons += 1;
      if (view(ours, lengths) === view(toArrays(packs), lengths)) continue;
      const where = `instance ${index} (${kind}, ${lengths.length} sequences, capacity ${capacity})`;
      throw new Error(`${where}: ${same} of ${strategy} and seqpacker's ${name} differ`);
    }
  }
  return comparisons;
}

const { values } = parseArgs({
  options: { instances: { type: "string", default: "200" }, seed: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.log(`agreement with seqpacker: seed ${seed}`);
const here = dirname(fileURLToPath(import.meta.url));
const peers = peersPython(join(here, "requirements.txt"));
if ("missing" in peers) throw new Error(`seqpacker can't be installed: ${peers.missing}`);

const folder = mkdtempSync(join(tmpdir(), "stowage-peers-"));
try {
  const given = instances(Number(values.instances), seed);
  const path = join(folder, "instances.json");
  writeFileSync(path, JSON.stringify(given));
  const output = execFileSync(peers.python, [join(here, "seqpacker_packs.py"), path], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  const comparisons = compare(given, JSON.parse(output) as Record<string, Packs>[]);
  console.log(`${given.length} instances, ${comparisons} comparisons, no difference`);
} finally {
  rmSync(folder, { recursive: true });
}
