// `stowage report`: one HTML file that shows what a packing is like, and data beside it for programs.

import { existsSync } from "node:fs";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { type Command, CommanderError } from "commander";
import { type LengthHistogram, StowageError } from "stowage";
import { type ReportData, type ReportOptions, renderReport, reportData } from "stowage/report";
import { beginning, kindOfJson } from "../report/kind.js";
import { labelOf } from "../report/label.js";
import { openInBrowser } from "./browser.js";
import { bytes, duration, plural } from "./figures.js";
import { readJson, readSource } from "./lengths.js";
import { addThreads, integer, integers, names, OVERLONG, real, SPLIT } from "./options.js";
import { metered } from "./progress.js";
import { printable, type Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ stowage report data.parquet --capacity 4096 --open
  $ stowage report wikipedia512_histogram.txt --capacity 512 --output wikipedia.html
  $ stowage report plan.json --input lengths.npy
  $ stowage report packed --input data.parquet --compare plan.json
  $ stowage report packed --source-column source                what the packs are mixed of
  $ stowage report lengths.npy --capacity 4096 --data -        the figures as JSON, no page

The page is one file that needs no network and no script: it can be mailed, printed and archived. Without
--overlong and --empty longer sequences are split and empty ones dropped, as by \`stowage stats\`.`;

export function addReport(program: Command, session: Session): void {
  const command = program
    .command("report")
    .summary("write a page of pictures: lengths, capacities, packs, strategies")
    .description(
      "Writes one self-contained HTML file: how long the sequences are, what other capacities and strategies would give, how the packs look, what packing saves, how to check it.",
    )
    .argument("<input...>", "as for stats; or plan.json; or a packed folder")
    .option(
      "-c, --capacity <n>",
      "tokens that a pack holds (not for plan.json and folders)",
      integer,
    )
    .option("-o, --output <file>", "the page (default: report.html)")
    .option("--data <file>", "write the figures as JSON, too (-: to standard output, and no page)")
    .option("-i, --input <path...>", "the source of plan.json or the folder")
    .option("--compare <file>", "a second plan.json, packed folder or report JSON")
    .option("--capacities <list>", "capacities of the trade-off, or none", listOrNone)
    .option("-s, --strategy <name>", "how to pack; see `stowage strategies` (default: auto)")
    .option("--strategies <list>", "strategies to compare, or none (default: all)", namesOrNone)
    .option("--world-size <n>", "ranks that the texts speak of (default: 8)", integer)
    .option("--packs <n>", "packs that are drawn, 0 to 64 (default: 40)", integer)
    .option("--seed <n>", "seed of the sample of packs (default: 0)", integer)
    .option("--title <text>", "heading of the page (default: the input's name)")
    .option("--times", "show milliseconds, which differ from run to run")
    .option("--open", "open the page in the browser")
    .option("--overwrite", "replace an existing page")
    .option("--column <name>", "column of lengths or tokens (default: input_ids)")
    .option("--source-column <name>", "column carried by a packed folder: the source of a sequence")
    .option("--split <name>", SPLIT)
    .option("--max-sequences-per-pack <n>", "at most this many sequences in a pack", integer)
    .option("--sequence-alignment <n>", "each sequence takes a multiple of so many tokens", integer)
    .option("--overlong <policy>", `${OVERLONG.join(", ")} (default: split)`)
    .option("--empty <policy>", "error, drop (default: drop)")
    .option("--effort <x>", "work that auto and optimal may spend (default: 1, 0: none)", real);
  addThreads(command)
    .addHelpText("after", EXAMPLES)
    .action((inputs: string[], given: Flags) => report(session, inputs, given));
}

interface Flags extends Omit<ReportOptions, "input" | "compare" | "label"> {
  output?: string;
  data?: string;
  input?: string[];
  compare?: string;
  open?: boolean;
  overwrite?: boolean;
  threads?: number;
}

/** 2048,4096, or none. */
function listOrNone(text: string, before: number[] | undefined): number[] {
  return text === "none" ? [] : integers(text, before);
}

/** auto,next-fit, or none. */
function namesOrNone(text: string, before: string[] | undefined): string[] {
  return text === "none" ? [] : names(text, before);
}

async function report(session: Session, inputs: string[], given: Flags): Promise<void> {
  const { output, data: aside, input, compare, open, overwrite, ...options } = given;
  const printed = aside === "-";
  if (printed && session.json)
    throw new CommanderError(2, "stowage.data", "--data - prints JSON already; leave --json out");
  const page = output ?? (printed ? undefined : "report.html");
  if (open && page === undefined)
    throw new CommanderError(2, "stowage.open", "--open needs a page: give --output as well");
  for (const path of [page, printed ? undefined : aside])
    if (path !== undefined && overwrite !== true) refuseExisting(path);
  const started = performance.now();
  const data = await figures(session, inputs, input, compare, options);
  const json = `${JSON.stringify(data)}\n`;
  if (aside !== undefined && !printed) await write(aside, json, session.signal);
  if (page !== undefined) {
    const html = renderReport(data);
    await write(page, html, session.signal);
    const size = Buffer.byteLength(html);
    const milliseconds = performance.now() - started;
    const planId = data.plan?.id;
    session.printJson({ output: resolve(page), bytes: size, milliseconds, planId });
    const { green } = session.colours(process.stdout);
    const said = `${green(`report of ${plural(data.stats.packCount, "pack")}: ${printable(page)}`)} (${bytes(size)}, ${duration(milliseconds)})`;
    if (!printed) session.print(said);
    else session.note(said);
  }
  if (printed) process.stdout.write(json);
  if (open && page !== undefined) await openInBrowser(resolve(page), session);
}

/** The figures of the inputs, and of what they are compared with. */
async function figures(
  session: Session,
  inputs: string[],
  source: string[] | undefined,
  compare: string | undefined,
  options: Omit<Flags, "output" | "data" | "input" | "compare" | "open" | "overwrite">,
): Promise<ReportData> {
  const { column, split, threads } = options;
  const reading = {
    ...(column && { column }),
    ...(split && { split }),
    ...(threads && { threads }),
  };
  const read = async (paths: string[]): Promise<Uint32Array | LengthHistogram> => {
    const { histogram, lengths } = await readSource(session, paths, reading);
    // One class under two names: `../index.js` is what `stowage` is once the package is built.
    return lengths ?? (histogram as unknown as LengthHistogram);
  };
  const made = inputs.length === 1 && (await isPacking(inputs[0]!));
  const other = compare === undefined ? undefined : await compared(session, compare, options);
  const given = {
    ...options,
    label: labelOf(inputs),
    ...(source && { input: await read(source) }),
    ...(other && { compare: other }),
  };
  const from = made ? inputs[0]! : await read(inputs);
  return metered(session, (watch) => reportData(from, { ...given, ...watch }));
}

/** The report, plan or packed folder that this one is compared with. */
async function compared(
  session: Session,
  path: string,
  { packs, seed, worldSize, threads, sourceColumn }: Flags,
): Promise<ReportData> {
  if (extname(path).toLowerCase() === ".json") {
    const json = await readJson(path);
    if (isReport(json)) return json;
  }
  if (!(await isPacking(path)))
    throw new StowageError(
      "ERR_FORMAT",
      `${path} is no plan, no packed folder and no report JSON`,
      {
        path,
      },
    );
  const options = {
    ...(packs !== undefined && { packs }),
    ...(seed !== undefined && { seed }),
    ...(worldSize !== undefined && { worldSize }),
    ...(threads !== undefined && { threads }),
  };
  const made = (more: Pick<Flags, "sourceColumn">): Promise<ReportData> =>
    metered(session, (watch) => reportData(path, { ...options, ...more, ...watch }));
  const folder = extname(path).toLowerCase() !== ".json" && sourceColumn !== undefined;
  if (!folder) return made({});
  return made({ sourceColumn }).catch((error: StowageError) => {
    if (error.code !== "ERR_COLUMN") throw error;
    session.warn(`shown without its sources: ${error.message}`);
    return made({});
  });
}

function isReport(json: unknown): json is ReportData {
  const keys = ["version", "generator", "source", "options", "stats", "packs", "attention"];
  return typeof json === "object" && json !== null && keys.every((key) => Object.hasOwn(json, key));
}

/** True for plan.json and a folder that stowage packed: what has a capacity already. */
async function isPacking(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return existsSync(join(path, "_stowage.json"));
  if (!found?.isFile() || extname(path).toLowerCase() !== ".json") return false;
  return kindOfJson(await beginning(path)) === "plan";
}

function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new StowageError("ERR_OUTPUT_EXISTS", `${path} exists already`, { path });
}

/** Under another name first, so that a file is whole or absent. */
async function write(path: string, text: string, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { signal, flush: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    signal.throwIfAborted();
    const message = `cannot write ${path}: ${(cause as Error).message}`;
    throw new StowageError("ERR_IO", message, { path, cause });
  }
}
