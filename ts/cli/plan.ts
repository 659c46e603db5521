// `stowage plan`: from lengths or a histogram to plan.json, with the proof of how good it is.

import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { plan as makePlan, type Plan, StowageError } from "../index.js";
import { plural } from "./figures.js";
import { readSource } from "./lengths.js";
import {
  addPackOptions,
  addThreads,
  integer,
  need,
  packFlags,
  REQUIRED,
  SPLIT,
} from "./options.js";
import { fromPipes, PIPE } from "./piped.js";
import { metered } from "./progress.js";
import { packingReport, timeRow } from "./report.js";
import type { Session } from "./session.js";
import { addTextOptions, textFlags } from "./text.js";

const EXAMPLES = `
Examples:
  $ stowage plan lengths.npy --capacity 4096 --output plan.json
  $ stowage plan wikipedia512_histogram.txt --capacity 512
  $ stowage plan shard-1.json shard-2.json --capacity 8192 --effort 10 --output plan.json
  $ stowage plan lengths.npy --objective maxLoad --pack-count 64

A histogram is a .txt file with one count per line (line i: how many sequences have i tokens) or
with lines "length count", or the .json of LengthHistogram. Several inputs are added up.`;

export function addPlan(program: Command, session: Session): void {
  const command = program
    .command("plan")
    .summary("plan packs from lengths or a histogram, without tokens")
    .description(
      "Plans packs from lengths alone: which lengths share a pack, how many such packs, and a proof of how few there can be.",
    )
    .argument("<input...>", `histograms (.txt, .json), .npy of lengths, data files, or ${PIPE}`)
    .option("-c, --capacity <tokens>", `tokens that a pack holds ${REQUIRED}`, integer)
    .option("-o, --output <file>", "write the plan as JSON")
    .option("-s, --strategy <name>", "how to plan; see `stowage strategies` (default: auto)")
    .option("--column <name>", "column of lengths or tokens (default: input_ids)")
    .option("--split <name>", SPLIT)
    .option("--overwrite", "replace an existing plan");
  addThreads(addTextOptions(addPackOptions(command)))
    .addHelpText("after", EXAMPLES)
    .action((inputs: string[], given: PlanFlags & Record<string, unknown>) =>
      plan(session, inputs, given),
    );
}

interface PlanFlags {
  capacity?: number;
  objective?: string;
  packCount?: number;
  output?: string;
  column?: string;
  split?: string;
  threads?: number;
  overwrite?: boolean;
}

async function plan(
  session: Session,
  inputs: string[],
  given: PlanFlags & Record<string, unknown>,
): Promise<void> {
  // Equal loads in so many packs need none.
  if (given.objective !== "maxLoad" || given.packCount === undefined) need(given, "capacity");
  const { capacity, output, column, split, threads, overwrite } = given;
  if (output !== undefined && overwrite !== true) refuseExisting(output);
  const from = {
    ...(column !== undefined && { column }),
    ...(split !== undefined && { split }),
    ...textFlags(given),
    ...(threads !== undefined && { threads }),
  };
  const { histogram } = await fromPipes(session, inputs, output, (paths) =>
    readSource(session, paths, from),
  );
  const started = performance.now();
  const made = await metered(session, (watch) =>
    makePlan(histogram, {
      ...(capacity !== undefined && { capacity }),
      ...packFlags(given),
      ...(threads !== undefined && { threads }),
      ...watch,
    } as Parameters<typeof makePlan>[1]),
  );
  const elapsed = performance.now() - started;
  if (output !== undefined) await write(output, made, session.signal);
  const stats = made.stats();
  const { id, templateCount, certificate } = made;
  const where = output === undefined ? {} : { output: resolve(output) };
  session.printJson({
    ...where,
    id,
    strategy: made.strategy,
    templateCount,
    certificate,
    ...stats,
  });
  const { green } = session.colours(process.stdout);
  const head = `planned ${plural(made.sequenceCount, "sequence")} in ${plural(made.packCount, "pack")}`;
  session.print(green(output === undefined ? head : `${head}: ${output}`));
  session.print(
    packingReport(stats, [
      ["templates", `${plural(templateCount, "template")}, plan ${id}`],
      ["proof", `${certificate.kind}, ${plural(certificate.weights.length, "weight")}`],
      timeRow(stats, elapsed),
    ]),
  );
}

function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new StowageError("ERR_OUTPUT_EXISTS", `${path} exists already`, { path });
}

/** Under another name first, so that a plan is whole or absent. */
async function write(path: string, made: Plan, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(made.toJSON())}\n`, { signal, flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    signal.throwIfAborted();
    const message = `cannot write ${path}: ${(cause as Error).message}`;
    throw new StowageError("ERR_IO", message, { path, cause });
  }
}
