// `npm start`: the command line at work on the bundled data. Packs real text, proves the output, plans
// Wikipedia's sixteen million sequences from their lengths alone, and writes a page of pictures.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

const docs = "examples/data/python-docs.jsonl";
const chats = "examples/data/conversations.jsonl";
const text = ["--tokenizer", "examples/data/tokenizer", "--messages-column", "messages"];
const wikipedia = "examples/data/wikipedia512_histogram.txt";

/** Prints what a user would type, and runs it. */
function stowage(intention, ...args) {
  console.log(`\n# ${intention}\n$ npx stowage ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, ["dist/cli/main.js", ...args], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

stowage(
  "What would each strategy give? 3,832 documents of Python's own documentation, as token ids.",
  ...["stats", docs, "--capacity", "2048"],
);
stowage(
  "Pack them; the few that are longer than a pack are split.",
  ...["pack", docs, "--capacity", "2048", "--overlong", "split"],
  ...["--output", "out/python-docs", "--overwrite"],
);
stowage(
  "Read the output again and compare every token with its source.",
  ...["verify", "out/python-docs", "--input", docs],
);
stowage(
  "Conversations: what one becomes, and which of its tokens are trained on.",
  ...["tokenize", chats, ...text, "--show", "1"],
);
stowage(
  "Conversations to packs with labels, as TRL trains on them, in one command.",
  ...["pack", chats, ...text, "--capacity", "256", "--format", "trl"],
  ...["--output", "out/conversations", "--overwrite"],
);
stowage(
  "Wikipedia's 16,279,552 sequences, planned from a histogram of their lengths.",
  ...["plan", wikipedia, "--capacity", "512", "--output", "out/wikipedia.json", "--overwrite"],
);
stowage(
  "Prove that plan again: its packs against the histogram, its lower bound from the certificate.",
  ...["verify", "out/wikipedia.json", "--input", wikipedia],
);
stowage("The same by every strategy that plans.", ...["stats", wikipedia, "--capacity", "512"]);
stowage(
  "The documents, their packs and what else could be chosen, as pictures.",
  ...["report", "out/python-docs", "--input", docs, "--title", "Python's documentation, packed"],
  ...["--output", "out/report.html", "--overwrite"],
);
console.log(
  "\nThe packs are in out/python-docs and out/conversations, the plan is in out/wikipedia.json, the pictures are in\n" +
    join(process.cwd(), "out", "report.html"),
);
