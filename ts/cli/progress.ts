// How far a job has come: a bar on a terminal, now and then a line elsewhere (logs of build servers).

import { SingleBar } from "cli-progress";
import type { Progress } from "../index.js";
import { barLine, figures, type Standing } from "./bar.js";
import { duration } from "./figures.js";
import type { Session } from "./session.js";

/** What a meter is told: the library's stages, and that of a pipe whose end nobody knows. */
export interface Step extends Omit<Progress, "stage"> {
  readonly stage: Progress["stage"] | "spool";
}

/** Stages as people call them. */
const NAMES: Record<Step["stage"], string> = {
  spool: "receiving",
  read: "reading",
  tokenize: "tokenizing",
  count: "counting",
  plan: "planning",
  bind: "binding",
  write: "writing",
  verify: "verifying",
};
const UNITS: Record<Step["stage"], Standing["unit"]> = {
  spool: "bytes",
  read: "bytes",
  tokenize: "bytes",
  count: "sequences",
  plan: "work",
  bind: "sequences",
  write: "bytes",
  verify: "bytes",
};
/** Jobs shorter than this say nothing. */
const PATIENCE_MS = 300;
/** Between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 10_000;

export interface Meter {
  readonly report: (step: Step) => void;
  /** Takes the bar away; the report is printed in its place. */
  readonly end: () => void;
}

/** A meter on standard error; silent with --quiet. `verified` is what verifying counts. */
export function meter(session: Session, verified: Standing["unit"] = "bytes"): Meter {
  if (session.quiet) return { report: () => undefined, end: () => undefined };
  const standing = follower({ ...UNITS, verify: verified });
  return process.stderr.isTTY ? bar(session, standing) : lines(standing);
}

/** Runs `job` under a meter that is gone when it ends, however it ends. */
export async function metered<T>(
  session: Session,
  job: (watch: { signal: AbortSignal; onProgress: Meter["report"] }) => Promise<T>,
  verified?: Standing["unit"],
): Promise<T> {
  const { report, end } = meter(session, verified);
  try {
    return await job({ signal: session.signal, onProgress: report });
  } finally {
    end();
  }
}

/** Steps with the time since their stage began. */
function follower(units: Record<Step["stage"], Standing["unit"]>): (step: Step) => Standing {
  let stage: Step["stage"] | undefined;
  let began = 0;
  return ({ stage: now, ...step }) => {
    if (now !== stage) [stage, began] = [now, performance.now()];
    return { stage: NAMES[now], unit: units[now], elapsed: performance.now() - began, ...step };
  };
}

function bar(session: Session, follow: (step: Step) => Standing): Meter {
  const { cyan } = session.colours(process.stderr);
  const started = performance.now();
  let standing: Standing | undefined;
  const single = new SingleBar({
    format: () => (standing ? barLine(standing, process.stderr.columns || 80, cyan) : ""),
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
  });
  let running = false;
  return {
    report: (step) => {
      standing = follow(step);
      if (performance.now() - started < PATIENCE_MS) return;
      if (!running) single.start(step.total, step.done, {});
      running = true;
      single.setTotal(step.total);
      single.update(step.done, {});
    },
    end: () => {
      if (running) single.stop();
    },
  };
}

function lines(follow: (step: Step) => Standing): Meter {
  const started = performance.now();
  let next = started + LINE_INTERVAL_MS;
  return {
    report: (step) => {
      const standing = follow(step);
      const now = performance.now();
      if (now < next) return;
      next = now + LINE_INTERVAL_MS;
      const { stage, done, total } = standing;
      const part = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : "";
      const text = `${stage}${part}, ${figures(standing)}`;
      process.stderr.write(`${text}, after ${duration(now - started)}\n`);
    },
    end: () => undefined,
  };
}
