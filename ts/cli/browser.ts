// The user's browser.

import { spawn } from "node:child_process";
import type { Session } from "./session.js";

/** The system's own opener, given the path as an argument: no shell reads it. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Opens a file in the user's browser; that it can't is said, with what to open, and is no failure. */
export async function openInBrowser(
  target: string,
  session: Session,
  instead: string = target,
): Promise<void> {
  const [program = "xdg-open", ...first] = OPENERS[process.platform] ?? [];
  const child = spawn(program, [...first, target], { stdio: "ignore", detached: true });
  const failed = await new Promise<Error | undefined>((settle) => {
    child.once("error", settle);
    child.once("spawn", () => settle(undefined));
  });
  if (failed === undefined) child.unref();
  else
    session.warn(`the browser could not be opened (${failed.message}); open ${instead} yourself`);
}
