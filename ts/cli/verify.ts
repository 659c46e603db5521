// `stowage verify`: proves a packed data set, or a plan, from what is on disk.

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { LengthHistogram, Plan, StowageError, verifyDataset, verifyPlan } from "../index.js";
import { count, pairs, plural } from "./figures.js";
import { readJson, readSource } from "./lengths.js";
import { addThreads, datasetFlags, names, SPLIT } from "./options.js";
import { fromPipes, PIPE } from "./piped.js";
import { metered } from "./progress.js";
import { fileRows, ledger, packingReport, printWarnings } from "./report.js";
import type { Session } from "./session.js";
import { addTextOptions, textFlags } from "./text.js";

const EXAMPLES = `
Examples:
  $ stowage verify packed                       each pack against the capacity, each sequence once
  $ stowage verify packed --input data.jsonl    and every token against the source
  $ stowage verify plan.json --input lengths.npy

The formats hf, trl and llamafactory have no ids: that each sequence stands once is proved by content,
so it needs the source. Without it, their sequences and tokens are counted.

Exit code 0 means proved, 1 means that the first fault found is named.`;

export function addVerify(program: Command, session: Session): void {
  const command = program
    .command("verify")
    .summary("prove a packed data set or a plan")
    .description(
      "Reads a packed data set of any format again and proves it: each sequence once, no pack over the capacity, boundaries, positions, masks and labels right. Of a plan it proves the lower bound again, from its certificate.",
    )
    .argument("<target>", "folder that stowage wrote, or plan.json")
    .option("-i, --input <paths...>", `the source, or ${PIPE}, to compare token by token`)
    .option("--tokens-column <name>", "column of token ids in the source (default: input_ids)")
    .option("--labels-column <name>", "column of labels in the source")
    .option("--loss-mask-column <name>", "column of the loss mask in the source")
    .option("--carry-columns <names>", "carried columns, comma-separated", names)
    .option("--length-column <name>", "seqpack: column of lengths in the source")
    .option("--id-column <name>", "seqpack: column of ids in the source")
    .option(
      "--no-digests",
      "for a data set that was rewritten on purpose: don't compare each file's digest",
    )
    .option("--column <name>", "of a plan's source: column of lengths or tokens")
    .option("--split <name>", `of a plan's source: ${SPLIT}`);
  addThreads(addTextOptions(command))
    .addHelpText("after", EXAMPLES)
    .action((target: string, given: VerifyFlags & Record<string, unknown>) =>
      extname(target).toLowerCase() === ".json"
        ? verifyPlanFile(session, target, given)
        : verifyFolder(session, target, given),
    );
}

interface VerifyFlags {
  input?: string[];
  column?: string;
  split?: string;
  threads?: number;
  lengthColumn?: string;
  idColumn?: string;
  digests?: boolean;
}

async function verifyFolder(
  session: Session,
  folder: string,
  given: VerifyFlags & Record<string, unknown>,
): Promise<void> {
  const { lengthColumn: lengthsColumn, idColumn: idsColumn, digests, ...others } = given;
  const { columns } = datasetFlags({ ...others, lengthsColumn, idsColumn });
  await refuseForeign(folder);
  const options = {
    ...(columns && { columns }),
    ...textFlags(given),
    ...(digests === false && { digests }),
    ...(given.threads !== undefined && { threads: given.threads }),
  };
  const report = await fromPipes(session, given.input ?? [], undefined, (inputs) => {
    const input = given.input && { input: inputs };
    return metered(session, (watch) => verifyDataset(folder, { ...input, ...options, ...watch }));
  });
  printWarnings(session, report);
  session.printJson({ verified: true, comparedWithSource: given.input !== undefined, ...report });
  const { green } = session.colours(process.stdout);
  const against = given.input === undefined ? "" : " and equal to its source";
  session.print(green(`${folder} is right${against}: ${plural(report.packCount, "pack")}`));
  session.print(packingReport(report, fileRows(report)));
}

/** Refuses what stowage didn't write: mostly the source is named, where its output was meant. */
async function refuseForeign(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory()) {
    if (existsSync(join(path, "_stowage.json"))) return;
    const message = `${path} has no _stowage.json: stowage did not write it, or not to its end`;
    throw new StowageError("ERR_FORMAT", message, { path });
  }
  const message = `${path} is a file, and stowage did not write it: what it writes are folders and plan.json. If it is the source, type \`stowage verify FOLDER --input ${path}\``;
  throw new StowageError("ERR_FORMAT", message, { path });
}

async function verifyPlanFile(
  session: Session,
  path: string,
  given: VerifyFlags & Record<string, unknown>,
): Promise<void> {
  const plan = toPlan(path, await readJson(path));
  const { input, column, split, threads } = given;
  const options = {
    ...(column !== undefined && { column }),
    ...(split !== undefined && { split }),
    ...(threads !== undefined && { threads }),
    ...textFlags(given),
  };
  const histogram = await fromPipes(session, input ?? [], undefined, async (inputs) =>
    input ? (await readSource(session, inputs, options)).histogram : ownHistogram(plan),
  );
  await metered(session, (watch) => verifyPlan(plan, histogram, watch), "lengths");
  const { id, packCount, lowerBound, gap, certificate } = plan;
  const summary = { id, path: resolve(path), packCount, lowerBound, gap };
  session.printJson({ verified: true, comparedWithSource: input !== undefined, ...summary });
  const { green } = session.colours(process.stdout);
  session.print(
    green(`${path} is right: ${plural(packCount, "pack")}, at least ${count(lowerBound)}`),
  );
  session.print(
    pairs([
      ["plan", id],
      ["gap", count(gap)],
      ["proof", `${certificate.kind}, ${plural(certificate.weights.length, "weight")}`],
      ["tokens", ledger(plan.stats())],
    ]),
  );
}

/** The plan that a document holds. */
function toPlan(path: string, document: unknown): Plan {
  try {
    return Plan.fromJSON(document as Parameters<typeof Plan.fromJSON>[0]);
  } catch (error) {
    if (!(error instanceof StowageError)) throw error;
    throw new StowageError(error.code, `${path}: ${error.message}`, { path, cause: error });
  }
}

/** The lengths that the plan itself places: enough to prove its bound, though not whose they are. */
function ownHistogram(plan: Plan): LengthHistogram {
  const counts: [number, number][] = [];
  for (const { lengths, multiplicity } of plan.templates()) {
    for (const length of lengths) counts.push([length, multiplicity]);
  }
  return LengthHistogram.fromCounts(counts);
}
