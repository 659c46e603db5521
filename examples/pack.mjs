// Packs sequences whose lengths are known, and says how good the packing is.
import { readFileSync } from "node:fs";
import { pack, packSync } from "stowage";

const file = new URL("data/python-docs.jsonl", import.meta.url);
const documents = readFileSync(file, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));
const lengths = Uint32Array.from(documents, ({ input_ids }) => input_ids.length);

// 15 documents are longer than a pack: they are split into pieces, and no token is lost.
const packing = packSync(lengths, { capacity: 2048, overlong: "split" });
packing.verify(lengths);

const { packCount, lowerBound, gap, efficiency } = packing;
console.log(`${documents.length} documents in ${packCount} packs, at least ${lowerBound} needed`);
console.log(`gap ${gap}, efficiency ${(100 * efficiency).toFixed(2)} %`);

// The documents of one pack, and which tokens of each.
const [first, last] = packing.offsets;
for (let at = first; at < last; at++) {
  const { id } = documents[packing.sequences[at]];
  const start = packing.pieces.starts[at];
  console.log(`pack 0 holds ${id}, tokens ${start} to ${start + packing.pieces.lengths[at]}`);
}

// The same on native threads, while this one stays free; the result is the same to the last byte.
const again = await pack(lengths, { capacity: 2048, overlong: "split" });
console.log(`the same packs: ${again.sequences.every((id, at) => id === packing.sequences[at])}`);
