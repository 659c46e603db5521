// How far a job has come: a bar on a terminal, now and then a line elsewhere (logs of build servers).

import { SingleBar } from "cli-progress";
import type { Progress } from "../index.js";
import { count, duration } from "./figures.js";
import type { Session } from "./session.js";

/** Stages as people call them. */
const NAMES: Record<Progress["stage"], string> = {
  read: "reading",
  tokenize: "tokenizing",
  count: "counting",
  plan: "planning",
  bind: "binding",
  write: "writing",
  verify: "verifying",
};
/** Jobs shorter than this say nothing. */
const PATIENCE_MS = 300;
/** Between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 10_000;

export interface Meter {
  readonly report: (progress: Progress) => void;
  /** Takes the bar away; the report is printed in its place. */
  readonly end: () => void;
}

/** A meter on standard error; silent with --quiet. */
export function meter(session: Session): Meter {
  if (session.quiet) return { report: () => undefined, end: () => undefined };
  return process.stderr.isTTY ? bar(session) : lines();
}

/** Runs `job` under a meter that is gone when it ends, however it ends. */
export async function metered<T>(
  session: Session,
  job: (watch: { signal: AbortSignal; onProgress: Meter["report"] }) => Promise<T>,
): Promise<T> {
  const { report, end } = meter(session);
  try {
    return await job({ signal: session.signal, onProgress: report });
  } finally {
    end();
  }
}

function bar(session: Session): Meter {
  const { cyan, dim } = session.colours(process.stderr);
  const started = performance.now();
  const single = new SingleBar({
    format: `{stage} ${cyan("{bar}")} {percentage} % ${dim("{figures}")}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 30,
    fps: 10,
  });
  let running = false;
  return {
    report: ({ stage, done, total, gap }) => {
      if (performance.now() - started < PATIENCE_MS) return;
      const payload = { stage: NAMES[stage].padEnd(9), figures: figures(stage, done, total, gap) };
      if (!running) single.start(total, done, payload);
      running = true;
      single.setTotal(total);
      single.update(done, payload);
    },
    end: () => {
      if (running) single.stop();
    },
  };
}

function lines(): Meter {
  const started = performance.now();
  let next = started + LINE_INTERVAL_MS;
  return {
    report: ({ stage, done, total, gap }) => {
      const now = performance.now();
      if (now < next) return;
      next = now + LINE_INTERVAL_MS;
      const part = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : "";
      const text = `${NAMES[stage]}${part}, ${figures(stage, done, total, gap)}`;
      process.stderr.write(`${text}, after ${duration(now - started)}\n`);
    },
    end: () => undefined,
  };
}

function figures(
  stage: Progress["stage"],
  done: number,
  total: number,
  gap: number | undefined,
): string {
  const mebibytes = (value: number): string => count(value / 2 ** 20);
  if (stage === "write" || stage === "verify") {
    return `${mebibytes(done)} of ${mebibytes(total)} MiB`;
  }
  const state = `${count(done)} of ${count(total)}${stage === "plan" ? "" : " sequences"}`;
  return gap === undefined ? state : `${state}, gap ${count(gap)}`;
}
