// Plans sixteen million sequences from a histogram of their lengths, and proves how good the plan is.
import { readFileSync } from "node:fs";
import { LengthHistogram, Plan, planSync } from "stowage";

// One count per line: line i is the number of sequences of i tokens.
const file = new URL("data/wikipedia512_histogram.txt", import.meta.url);
const counts = readFileSync(file, "utf8").trimEnd().split("\n").map(Number);
const histogram = LengthHistogram.fromCounts(counts.map((count, i) => [i + 1, count]));

const plan = planSync(histogram, { capacity: 512 });
console.log(`${plan.sequenceCount} sequences in ${plan.packCount} packs`);
console.log(`${plan.templateCount} templates, gap ${plan.gap}, proof ${plan.certificate.kind}`);

// A plan is plain JSON: make it once, send it to every machine, check it where it arrives.
const received = Plan.fromJSON(JSON.parse(JSON.stringify(plan)));
received.verify(histogram);
console.log(`the same plan: ${received.id === plan.id}`);

const { lengths, multiplicity } = plan.templateAt(0);
console.log(`the first template, [${lengths}], makes ${multiplicity} packs`);

// With the lengths in their order, a plan tells which sequence stands in which pack.
const small = planSync(LengthHistogram.from([5, 3, 5, 7, 5, 3]), { capacity: 10 });
console.log(small.assign([5, 3, 5, 7, 5, 3]).toArrays());
