// What a program does with an installed stowage, in any runtime: import, require, jobs and their abort,
// worker threads, a data set and its proof, a stream. Ends with 1 and a reason if anything is otherwise.
import { createRequire } from "node:module";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import * as stowage from "stowage";

const lengths = [1000, 800, 600, 500, 400, 300, 200, 100];

function expect(what, found, expected) {
  const [left, right] = [found, expected].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`);
}

async function main() {
  const required = createRequire(import.meta.url)("stowage");
  expect("import", stowage.packSync(lengths, { capacity: 1024 }).packCount, 4);
  expect("require", required.packSync(lengths, { capacity: 1024 }).packCount, 4);
  expect("one library", required.packSync === stowage.packSync, true);
  expect("a job", (await stowage.pack(lengths, { capacity: 1024 })).packCount, 4);

  const controller = new AbortController();
  const many = Uint32Array.from({ length: 2_000_000 }, (_, k) => 1 + ((k * 7919) % 4096));
  const job = stowage.pack(many, { capacity: 4096, signal: controller.signal, effort: 100 });
  controller.abort(new Error("enough"));
  const reason = await job.then(
    () => "nothing",
    (error) => error.message,
  );
  expect("the reason of an abort", reason, "enough");

  expect(
    "an error",
    codeOf(() => stowage.packSync([5000], { capacity: 1024 })),
    "ERR_OVERLONG",
  );

  const worker = new Worker(new URL(import.meta.url));
  const answer = await new Promise((resolve, reject) => {
    worker.on("message", resolve).on("error", reject);
  });
  await worker.terminate();
  expect("a worker thread", answer, 4);

  for (const format of ["parquet", "arrow", "npy"]) {
    const output = `packed-${format}`;
    const options = { input: "source.jsonl", output, format, capacity: 2048, overlong: "split" };
    const report = await stowage.packDataset({ ...options, empty: "drop", overwrite: true });
    const proved = await stowage.verifyDataset(output, { input: "source.jsonl" });
    expect(`packs of ${format}`, proved.packCount, report.packCount);
    expect(`tokens of ${format}`, proved.tokensIn, 365_849);
  }

  let streamed = 0;
  const options = { capacity: 1024, length: (each) => each };
  for await (const pack of stowage.packStream(lengths, options))
    for (const length of pack) streamed += length;
  expect("tokens of a stream", streamed, 3900);
  console.log("ok");
}

function codeOf(call) {
  try {
    call();
    return "nothing";
  } catch (error) {
    return error.code;
  }
}

if (isMainThread) await main();
else parentPort.postMessage(stowage.packSync(lengths, { capacity: 1024 }).packCount);
