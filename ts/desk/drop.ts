// Files dropped on a page have no path there: their bytes come, and lie in a folder for this run alone.

import { createWriteStream } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DeskError } from "./errors.js";
import { removeScratch, scratchFolder } from "./scratch.js";

/** A folder for dropped files, made at the first of them. */
export class DropFolder {
  readonly #limit: number;
  #folder: Promise<string> | undefined;
  #bytes = 0;
  #next = 1;

  /** For at most `limit` bytes in all. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the body of `request` in as a file called `name`; returns its path. */
  async take(name: string, request: IncomingMessage): Promise<string> {
    if (request.headers["content-type"] !== "application/octet-stream")
      throw new DeskError("ERR_TYPE", "the body must be application/octet-stream");
    if (!/^[^/\\\0]{1,200}$/.test(name) || name.startsWith("."))
      throw new DeskError("ERR_OUTSIDE", `${JSON.stringify(name)} is no plain name of a file`);
    if (Number(request.headers["content-length"] ?? 0) > this.#limit - this.#bytes)
      throw this.#full();
    this.#folder ??= scratchFolder();
    // A folder each, so that equal names don't meet.
    const folder = await mkdtemp(join(await this.#folder, `${this.#next++}-`));
    const partial = join(folder, ".partial");
    let own = 0;
    const count = new Transform({
      transform: (part: Buffer, _, done) => {
        own += part.length;
        this.#bytes += part.length;
        done(this.#bytes > this.#limit ? this.#full() : null, part);
      },
    });
    try {
      await pipeline(request, count, createWriteStream(partial, { mode: 0o600, flags: "wx" }));
      await rename(partial, join(folder, name));
      return join(folder, name);
    } catch (error) {
      this.#bytes -= own;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Removes all. */
  async close(): Promise<void> {
    if (this.#folder !== undefined) removeScratch(await this.#folder);
    this.#folder = undefined;
  }

  #full(): DeskError {
    const message = `dropped files may have ${this.#limit} bytes in all; use the list of files`;
    return new DeskError("ERR_SIZE", message);
  }
}
