// The browser is opened on a file that forwards to the address: arguments of processes can be read by
// every user of a machine, a file of mode 0600 in a folder of 0700 only by its own.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeScratch, scratchFolder } from "./scratch.js";

/** A file that forwards to `address`. */
export async function forwarding(address: string): Promise<{ path: string; remove: () => void }> {
  const folder = await scratchFolder();
  const path = join(folder, "open.html");
  const html = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>stowage desk</title><meta http-equiv="refresh" content="0;url=${address}">\n`;
  await writeFile(path, html, { mode: 0o600, flag: "wx" });
  return { path, remove: () => removeScratch(folder) };
}
