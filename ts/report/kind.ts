// What a .json file holds, told by its first bytes: data, which may be large, isn't read for that.

import { open } from "node:fs/promises";

/** The first 4,096 bytes of a file as text; nothing for one that can't be read. */
export async function beginning(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return ""; // a pattern, or what the reading of data complains of
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.toString("utf8", 0, bytesRead).replace(/^\ufeff/, "");
  } catch {
    return "";
  } finally {
    await file.close();
  }
}

/** What JSON that begins so is: a histogram or a plan of stowage's, or rows. */
export function kindOfJson(begins: string): "histogram" | "plan" | "data" {
  if (!/^\s*\{/.test(begins)) return "data";
  if (/"counts"\s*:/.test(begins)) return "histogram";
  return /"(certificate|templates|ledger)"\s*:/.test(begins) ? "plan" : "data";
}
