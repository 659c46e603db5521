// A sampler that resumes: each rank draws its packs of every epoch, a checkpoint is one number, and
// the number of ranks may change in mid-epoch.
import { LengthHistogram, LengthIndex, planSync } from "stowage";

const lengths = Uint32Array.from({ length: 10_000 }, (_, i) => 1 + ((i * 7919) % 1500));
const index = new LengthIndex(lengths);
// 8 ranks before the restart and 4 after it: the packs divide among both.
const plan = planSync(LengthHistogram.from(lengths), { capacity: 2048, packCountMultipleOf: 8 });

/** The packs of some ranks, step by step, from a cursor on. */
function* steps(epoch, worldSize, cursor) {
  const shards = Array.from({ length: worldSize }, (_, rank) =>
    plan.epoch(index, { seed: 42, epoch }).shard({ rank, worldSize }).from(cursor),
  );
  const iterators = shards.map((shard) => shard[Symbol.iterator]());
  for (let step = cursor / worldSize; step < shards[0].steps; step++) {
    const packs = iterators.map((iterator) => iterator.next().value);
    yield { packs, checkpoint: { epoch, cursor: shards[0].cursor } };
  }
}

const seen = new Set();
let checkpoint = { epoch: 0, cursor: 0 };
for (const step of steps(0, 8, 0)) {
  for (const pack of step.packs) for (const sequence of pack) seen.add(sequence);
  checkpoint = step.checkpoint;
  if (checkpoint.cursor >= 800) break; // the job is killed here
}
console.log(`stopped with the checkpoint ${JSON.stringify(checkpoint)}`);
for (const step of steps(checkpoint.epoch, 4, checkpoint.cursor))
  for (const pack of step.packs) for (const sequence of pack) seen.add(sequence);
console.log(`${seen.size} of ${lengths.length} sequences seen in epoch 0`);

const { shuffled, balanced } = plan.balance({ worldSize: 8 });
console.log(
  `useful time of 8 ranks: ${shuffled.usefulShare.toFixed(2)} shuffled, ${balanced.usefulShare.toFixed(2)} balanced`,
);
