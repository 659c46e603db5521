// How to check the report: where every token went, and the commands that make the plan again and prove it.

import type { ReportData } from "../data.js";
import { table, view } from "../parts.js";
import { esc, n, plural } from "../text.js";

export function proofView(data: ReportData): string {
  const { source, stats, options, plan, generator } = data;
  const ledger = `${n(stats.tokensIn)} in = ${n(stats.tokensPacked)} packed + ${n(stats.tokensTruncated)} truncated + ${n(stats.tokensDropped)} dropped`;
  const rows = [
    ["input", esc(source.label)],
    ["tokens", ledger],
    [
      "options",
      esc(
        Object.entries(options)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join(", "),
      ),
    ],
    ...(plan ? [["plan", planWords(plan)]] : []),
    ["made by", esc(generator)],
    ...commands(data).map(([name, command]) => [name!, `<code>${esc(command)}</code>`]),
  ];
  return view(
    "proof",
    "How to check this",
    sentence(data),
    table("Provenance", ["what", "value"], rows, { cls: "words" }),
  );
}

function planWords({ id, templateCount }: NonNullable<ReportData["plan"]>): string {
  return `<code>${esc(id)}</code>${templateCount === undefined ? "" : `, ${plural(templateCount, "template")}`}`;
}

function sentence({ plan, stats }: ReportData): string {
  if (stats.packCount === 0) return "There is no pack, and so nothing to prove.";
  const certificate = plan?.certificate;
  if (certificate === undefined)
    return `The bound of ${plural(stats.lowerBound, "pack")} is proved when the packs are verified.`;
  return `The bound of ${plural(stats.lowerBound, "pack")} is a weight for each length such that no pack can hold more than a fixed sum: kind ${esc(certificate.kind)}, ${plural(certificate.weights, "weight")}. Anybody can check it with integers.`;
}

/** What to type to make the plan again, and to prove it. */
function commands({ source, options }: ReportData): [string, string][] {
  const named = /^(an array of lengths|a histogram|a plan)$/.test(source.label)
    ? "INPUT"
    : quoted(source.label);
  if (source.kind === "dataset" || source.kind === "plan")
    return [["prove", `stowage verify ${named} --input SOURCE`]];
  const flags = Object.entries(options).map(
    ([name, value]) =>
      `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`,
  );
  return [
    ["again", `stowage plan ${named} ${flags.join(" ")} --output plan.json`],
    ["prove", `stowage verify plan.json --input ${named}`],
  ];
}

/** A name as a shell takes it. */
function quoted(name: string): string {
  return /^[\w./@:+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
