// A pipeline over an endless source: packs as they fill, bounded memory, and a snapshot to go on from.
import { packStream, StreamPacker } from "stowage";

async function* documents() {
  for (let id = 0; id < 5000; id++) yield { id, tokens: new Uint32Array(1 + ((id * 7919) % 1500)) };
}

let packs = 0;
let tokens = 0;
const length = (document) => document.tokens.length;
for await (const pack of packStream(documents(), { capacity: 2048, lookahead: 512, length })) {
  packs += 1;
  for (const document of pack) tokens += length(document);
}
console.log(`${packs} packs, ${((100 * tokens) / (packs * 2048)).toFixed(1)} % full`);

// The same by hand, with a restart in between.
let packer = new StreamPacker({ capacity: 2048, lookahead: 512 });
let closed = 0;
for (let id = 0; id < 5000; id++) {
  closed += packer.add([id], [1 + ((id * 7919) % 1500)]).length;
  if (id === 2500) packer = StreamPacker.restore(packer.snapshot());
}
closed += packer.finish().length;
console.log(`the same number after a restart: ${closed === packs}`);
