// `stowage stats`: what each strategy would give at each capacity, before anything is written.

import type { Command } from "commander";
import {
  type LengthHistogram,
  type Packing,
  type PackingStats,
  type Plan,
  type PlanBalance,
  pack,
  plan,
  type StowageError,
  strategies,
} from "../index.js";
import { count, duration, pairs, percent, plural, table } from "./figures.js";
import { readSource, type Source } from "./lengths.js";
import { type Losses, overlongLosses } from "./losses.js";
import {
  addPackOptions,
  addThreads,
  integer,
  integers,
  names,
  need,
  packFlags,
  REQUIRED,
  SPLIT,
} from "./options.js";
import { fromPipes, PIPE } from "./piped.js";
import { metered } from "./progress.js";
import { ledger } from "./report.js";
import type { Session } from "./session.js";
import { addTextOptions, textFlags } from "./text.js";

const EXAMPLES = `
Examples:
  $ stowage stats 'data/*.parquet' --capacity 2048,4096,8192
  $ stowage stats lengths.npy --capacity 4096 --strategy auto,next-fit
  $ stowage stats wikipedia512_histogram.txt --capacity 512

Tokens are not read, only lengths. A histogram has forgotten the order of the sequences, so the
strategies that need it are left out. Without --overlong the rows are for "split", without --empty
for "drop"; the table of policies says what each loses.`;

/** The policies of the rows: such that every strategy has one. */
const UNLESS_SAID = { overlong: "split", empty: "drop" } as const;

export function addStats(program: Command, session: Session): void {
  const command = program
    .command("stats")
    .summary("compare strategies and capacities, without tokens")
    .description(
      "Says what each strategy would give: packs, efficiency, lower bound, gap, tokens lost under each policy, milliseconds.",
    )
    .argument("<input...>", `data files, .npy of lengths, histograms (.txt, .json), or ${PIPE}`)
    .option("-c, --capacity <list>", `capacities to compare, comma-separated ${REQUIRED}`, integers)
    .option("-s, --strategy <list>", "strategies to compare (default: all)", names)
    .option("--column <name>", "column of lengths or tokens (default: input_ids)")
    .option("--split <name>", SPLIT)
    .option("--world-size <n>", "say how busy so many ranks would be, side by side", integer)
    .option("--exact-balance", "with --world-size: walk through every pack of epoch 0");
  addThreads(addTextOptions(addPackOptions(command, UNLESS_SAID)))
    .addHelpText("after", EXAMPLES)
    .action((inputs: string[], given: StatsFlags & Record<string, unknown>) =>
      stats(session, inputs, given),
    );
}

interface StatsFlags {
  capacity: number[];
  strategy?: string[];
  column?: string;
  split?: string;
  threads?: number;
  worldSize?: number;
  exactBalance?: boolean;
}

/** What one strategy gives; `refused` says why it gives nothing. */
type Trial =
  | { strategy: string; stats: PackingStats; milliseconds: number }
  | { strategy: string; refused: string };

async function stats(
  session: Session,
  inputs: string[],
  given: StatsFlags & Record<string, unknown>,
): Promise<void> {
  need(given, "capacity");
  const { capacity: capacities, column, split, threads, worldSize, exactBalance: exact } = given;
  if (exact && worldSize === undefined) need(given, "worldSize");
  const from = {
    ...(column !== undefined && { column }),
    ...(split !== undefined && { split }),
    ...textFlags(given),
    ...(threads !== undefined && { threads }),
  };
  const source = await fromPipes(session, inputs, undefined, (paths) =>
    readSource(session, paths, from),
  );
  const { histogram } = source;
  // Starts the threads, so that the first row isn't charged for them.
  await pack([1], { capacity: 1, ...(threads !== undefined && { threads }) });
  const flags = { ...UNLESS_SAID, ...packFlags(given) };
  const results = [];
  for (const capacity of capacities) {
    const options = { ...flags, capacity, ...(threads !== undefined && { threads }) };
    const losses = overlongLosses(histogram, capacity, options.sequenceAlignment ?? 1);
    const trials: Trial[] = [];
    for (const strategy of chosen(source, given.strategy)) {
      const trial = attempt(session, source, { ...options, strategy });
      trials.push(await trial.catch((error: unknown) => refused(strategy, error, given.strategy)));
    }
    // Not before: a strategy that is unknown is all there is to say then.
    if (results.length === 0) session.print(headline(histogram));
    const balance =
      worldSize &&
      (await plan(histogram, { ...options, strategy: "auto" })).balance({ worldSize, exact });
    const ranks = balance ? { worldSize, balance } : {};
    results.push({ capacity, overlong: losses, strategies: trials.map(flat), ...ranks });
    show(session, capacity, trials, losses, flags.overlong ?? "split");
    if (balance) showBalance(session, worldSize, balance);
  }
  const { sequenceCount, tokenCount, maxLength, distinctLengths } = histogram;
  session.printJson({
    sequenceCount,
    tokenCount,
    maxLength,
    distinctLengths,
    emptyCount: histogram.count(0),
    capacities: results,
  });
}

/** How much of their time ranks work, by the order of the packs. */
function showBalance(session: Session, worldSize: number, balance: PlanBalance): void {
  const { dim } = session.colours(process.stdout);
  const rows = Object.entries(balance).map(([order, { usefulShare, correlation }]) => [
    order,
    percent(usefulShare),
    ...(correlation === undefined ? [] : [correlation.toFixed(3)]),
  ]);
  session.print(`${plural(worldSize, "rank")} side by side, attention cost, strategy auto:`);
  const exact = balance.shuffled.correlation !== undefined;
  const headings = ["--order", ">useful time", ...(exact ? [">step and mean length"] : [])];
  session.print(table(headings, rows, dim));
}

/** The strategies asked for, or all that this source allows. */
function chosen(source: Source, asked: readonly string[] | undefined): readonly string[] {
  if (asked !== undefined) return asked;
  return strategies()
    .filter(({ plans }) => plans || source.lengths !== undefined)
    .map(({ name }) => name);
}

async function attempt(
  session: Session,
  { histogram, lengths }: Source,
  options: Parameters<typeof pack>[1] & { strategy: string },
): Promise<Trial> {
  const { strategy } = options;
  const started = performance.now();
  const result = await metered<Packing | Plan>(session, (watch) =>
    lengths === undefined
      ? plan(histogram, { ...options, ...watch })
      : pack(lengths, { ...options, ...watch }),
  );
  const milliseconds = performance.now() - started;
  return { strategy, stats: result.stats(), milliseconds };
}

/** One strategy of all that can't do what the options ask is a row; one that was asked for is not. */
function refused(strategy: string, error: unknown, asked: readonly string[] | undefined): Trial {
  const { code, message } = error as StowageError;
  if (asked !== undefined || !["ERR_OPTION", "ERR_STRATEGY"].includes(code)) throw error;
  return { strategy, refused: message };
}

function flat(trial: Trial): Record<string, unknown> {
  if ("refused" in trial) return trial;
  const { strategy, milliseconds } = trial;
  return { strategy, ...trial.stats, milliseconds };
}

function headline(histogram: LengthHistogram): string {
  const { sequenceCount, tokenCount, maxLength, distinctLengths } = histogram;
  return pairs([
    ["sequences", `${count(sequenceCount)}, ${count(histogram.count(0))} of them empty`],
    ["tokens", count(tokenCount)],
    ["longest", `${plural(maxLength, "token")}, ${plural(distinctLengths, "distinct length")}`],
  ]);
}

function show(
  session: Session,
  capacity: number,
  trials: readonly Trial[],
  losses: Losses,
  overlong: string,
): void {
  const { bold, dim } = session.colours(process.stdout);
  session.print("");
  session.print(bold(`capacity ${count(capacity)}`));
  const balanced = trials.some((trial) => "stats" in trial && trial.stats.maxLoad !== undefined);
  const rows = trials.map((trial) => {
    if ("refused" in trial) return [trial.strategy, trial.refused];
    const { packCount, efficiency, lowerBound, gap, stopped } = trial.stats;
    const { maxLoad, loadBound } = trial.stats;
    const figures = [count(packCount), percent(efficiency), count(lowerBound), count(gap)];
    const loads = balanced ? [count(maxLoad ?? 0), count(loadBound ?? 0)] : [];
    return [trial.strategy, ...figures, ...loads, duration(trial.milliseconds), stopped ?? ""];
  });
  const loads = balanced ? [">largest load", ">its bound"] : [];
  const headings = ["strategy", ">packs", ">efficiency", ">lower bound", ">gap", ...loads, ">time"];
  headings.push("search ended");
  session.print(table(headings, rows, dim));
  const [first] = trials.flatMap((trial) => ("stats" in trial ? [trial.stats] : []));
  if (first !== undefined) session.print(`tokens  ${ledger(first)}`);
  if (losses.sequences === 0) return;
  session.print(
    `${plural(losses.sequences, "sequence")} longer than ${count(losses.usable)} tokens; above they are treated as --overlong ${overlong}:`,
  );
  const policies = [
    ["error", "", "nothing is packed"],
    ["drop", count(losses.drop), `${plural(losses.sequences, "sequence")} left out`],
    ["truncate", count(losses.truncate), "their ends are lost"],
    ["truncate-start", count(losses.truncate), "their beginnings are lost"],
    ["split", "0", `${plural(losses.pieces, "piece")} instead of whole sequences`],
  ];
  session.print(table(["--overlong", ">tokens lost", "what happens"], policies, dim));
}
