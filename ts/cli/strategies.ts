// `stowage strategies`: what there is to choose from.

import type { Command } from "commander";
import { type StrategyInfo, strategies } from "../index.js";
import { pairs } from "./figures.js";
import type { Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ stowage strategies
  $ stowage strategies --json`;

const LEGEND = `n sequences, D distinct lengths, P packs, G groups of equal packs, OPT the fewest packs possible.
Names are accepted in any case, with or without hyphens.`;

export function addStrategies(program: Command, session: Session): void {
  program
    .command("strategies")
    .summary("list the strategies, with cost and guarantee")
    .description("Lists the strategies with their aliases, cost and guarantee.")
    .addHelpText("after", EXAMPLES)
    .action(() => list(session));
}

function list(session: Session): void {
  const all = strategies();
  session.printJson(all);
  const { bold, dim } = session.colours(process.stdout);
  for (const info of all) {
    const aliases = info.aliases.length > 0 ? `  ${info.aliases.join(", ")}` : "";
    session.print(`${bold(info.name)}${dim(aliases)}\n${indented(description(info))}\n`);
  }
  session.print(dim(LEGEND));
}

function description(info: StrategyInfo): string {
  const { plans, streams, seeded } = info;
  const needs = plans ? "lengths in any order: a histogram is enough" : "sequences in their order";
  return pairs([
    ["does", info.summary],
    ["cost", info.cost],
    ["packs", info.guarantee],
    ["takes", `${needs}${streams ? "; also a stream" : ""}${seeded ? "; --seed matters" : ""}`],
  ]);
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
