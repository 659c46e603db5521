// Loops over many things let the rest of the process run: progress of other jobs, answers to a page.

/** So long, in milliseconds, a loop may hold the thread. */
const HOLD = 20;

/** A function for loops to await: it gives way once {@link HOLD} has passed, and stops a job that was aborted. */
export function breather(signal?: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - since < HOLD) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
