// Jobs go on whether anybody watches or not; who watches is told all that counts from the beginning.

import type { Progress } from "stowage";
import { DeskError, type DeskFault, faultOf } from "./errors.js";

/** What happens in a job; the last is `done` or `error`. */
export type JobEvent<T = unknown> = { progress: Progress } | { done: T } | { error: DeskFault };

/** Something that takes a while. */
export interface Job<T = unknown> {
  readonly id: string;
  /** What happens from now on, and what has happened: of each stage how far it came, then the end. */
  events(): AsyncIterableIterator<JobEvent<T>>;
  /** Settles as the job does. */
  readonly done: Promise<T>;
}

/** A job as lists name it. */
export interface JobEntry {
  id: string;
  what: "open" | "pack" | "verify";
  /** Of pack and verify. */
  output?: string;
  running: boolean;
}

/** What a job's work gets. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Ended jobs that are remembered. */
const REMEMBERED = 64;

interface Kept extends Job {
  readonly entry: JobEntry;
  readonly stop: AbortController;
}

/** The jobs of a desk. */
export class Jobs {
  readonly #kept = new Map<string, Kept>();
  #next = 1;
  #closed = false;

  /** Starts `work`. */
  start<T>(entry: Pick<JobEntry, "what" | "output">, work: (watch: Watch) => Promise<T>): Job<T> {
    if (this.#closed) throw new DeskError("ERR_CANCELLED", "the desk has ended");
    const id = String(this.#next++);
    const stop = new AbortController();
    const log = new Log<T>();
    const own: JobEntry = { id, ...entry, running: true };
    const watch = {
      signal: stop.signal,
      onProgress: (progress: Progress) => log.say({ progress }),
    };
    const done = work(watch).then(
      (result) => {
        own.running = false;
        log.say({ done: result });
        return result;
      },
      (reason: unknown) => {
        own.running = false;
        const error = stop.signal.aborted
          ? new DeskError("ERR_CANCELLED", "cancelled; nothing is left behind")
          : reason;
        log.say({ error: faultOf(error) });
        throw error;
      },
    );
    // Who wants to know watches.
    done.catch(() => {});
    const job: Kept & Job<T> = { id, done, events: () => log.read(), entry: own, stop };
    this.#kept.set(id, job);
    this.#forget();
    return job;
  }

  get(id: unknown): Job {
    const job = typeof id === "string" ? this.#kept.get(id) : undefined;
    if (job === undefined) throw new DeskError("ERR_JOB", `there is no job ${JSON.stringify(id)}`);
    return job;
  }

  cancel(id: unknown): void {
    (this.get(id) as Kept).stop.abort();
  }

  list(): JobEntry[] {
    return [...this.#kept.values()].map(({ entry }) => ({ ...entry }));
  }

  /** Stops all, and waits until they have cleaned up. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { stop } of this.#kept.values()) stop.abort();
    await Promise.allSettled([...this.#kept.values()].map(({ done }) => done));
  }

  #forget(): void {
    const ended = [...this.#kept.values()].filter(({ entry }) => !entry.running);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - REMEMBERED)))
      this.#kept.delete(id);
  }
}

/** Events for any number of readers. Of progress only the latest of each stage is kept. */
class Log<T> {
  #events: { at: number; event: JobEvent<T> }[] = [];
  #at = 0;
  #wake = new Set<() => void>();

  say(event: JobEvent<T>): void {
    const last = this.#events.at(-1)?.event;
    const same =
      last !== undefined &&
      "progress" in last &&
      "progress" in event &&
      last.progress.stage === event.progress.stage;
    if (same) this.#events.pop();
    this.#events.push({ at: this.#at++, event });
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }

  async *read(): AsyncIterableIterator<JobEvent<T>> {
    for (let next = 0; ; ) {
      const found = this.#events.find(({ at }) => at >= next);
      if (found === undefined) {
        await new Promise<void>((resolve) => this.#wake.add(resolve));
        continue;
      }
      next = found.at + 1;
      yield found.event;
      if (!("progress" in found.event)) return;
    }
  }
}
