// Temporary folders of this process, which only its user can enter, and which go when it ends.

import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();

/** A new folder of mode 0700. */
export async function scratchFolder(): Promise<string> {
  // One listener, however many desks there are.
  if (folders.size === 0) process.once("exit", removeAll);
  const folder = await mkdtemp(join(tmpdir(), "stowage-desk-"));
  folders.add(folder);
  return folder;
}

/** Removes a folder before the process ends. */
export function removeScratch(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
  if (folders.size === 0) process.off("exit", removeAll);
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
