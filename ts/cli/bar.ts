// The line of a progress bar: what matters most first, as much of it as the terminal has columns for.

import { count, duration } from "./figures.js";

/** How far a stage has come, and since when. */
export interface Standing {
  /** The stage as people call it. */
  readonly stage: string;
  readonly done: number;
  /** 0 if nobody knows. */
  readonly total: number;
  /** Milliseconds of this stage. */
  readonly elapsed: number;
  /** What is counted; units of work say nothing to people. */
  readonly unit: "bytes" | "sequences" | "lengths" | "work";
  readonly gap?: number | undefined;
}

/** A rate is told after this long, when it says something. */
const SETTLED_MS = 1000;
const LONGEST_BAR = 30;
const SHORTEST_BAR = 5;

/**
 * ` 47 % reading ████░░░░ 310 MiB/s, 12 s left, 1,204 of 2,560 MiB` in less than `columns` characters:
 * the last column stays free, since some terminals break the line there. Per cent and stage always
 * stand there, then time left, rate, figures and bar while there is room.
 */
export function barLine(standing: Standing, columns: number, paint = (bar: string) => bar): string {
  const { stage, done, total } = standing;
  const part = total > 0 ? Math.min(done / total, 1) : undefined;
  const percent = part === undefined ? "" : `${String(Math.floor(100 * part)).padStart(3)} % `;
  const head = `${percent}${stage}`;
  let room = columns - 1 - head.length;
  const words = [left(standing, part), rate(standing), figures(standing)];
  const shown = words.map((word) => {
    if (word === "" || word.length + 2 > room) return "";
    room -= word.length + 2;
    return word;
  });
  const [time, speed, state] = shown;
  const tail = [speed, time, state].filter((word) => word !== "").join(", ");
  const size = Math.min(LONGEST_BAR, room - 1);
  const bar = part !== undefined && size >= SHORTEST_BAR ? ` ${paint(drawn(part, size))}` : "";
  return `${head.slice(0, Math.max(columns - 1, 0))}${bar}${tail === "" ? "" : ` ${tail}`}`;
}

function drawn(part: number, size: number): string {
  const full = Math.floor(part * size);
  return "█".repeat(full) + "░".repeat(size - full);
}

/** Done in a second. */
function rate({ done, elapsed, unit }: Standing): string {
  if (elapsed < SETTLED_MS || unit === "work") return "";
  const each = (1000 * done) / elapsed;
  return unit === "bytes" ? `${mebibytes(each)} MiB/s` : `${count(each)}/s`;
}

function left({ elapsed, unit }: Standing, part: number | undefined): string {
  if (part === undefined || part === 0 || elapsed < SETTLED_MS || unit === "work") return "";
  const rest = (elapsed * (1 - part)) / part;
  return `${duration(1000 * Math.ceil(rest / 1000)).replace(/\.0 s$/, " s")} left`;
}

/** Done, and of how much. */
export function figures({ done, total, unit, gap }: Omit<Standing, "stage" | "elapsed">): string {
  if (unit === "bytes") {
    const of = total > 0 ? ` of ${mebibytes(total)}` : "";
    return `${mebibytes(done)}${of} MiB`;
  }
  const state = `${count(done)} of ${count(total)}${unit === "work" ? "" : ` ${unit}`}`;
  return gap === undefined ? state : `gap ${count(gap)}, ${state}`;
}

function mebibytes(value: number): string {
  const size = value / 2 ** 20;
  return size < 10 ? size.toFixed(1) : count(size);
}
