// `stowage desk`: the report with controls, served to this machine until Ctrl-C.

import type { Command } from "commander";
import { serveDesk } from "stowage/desk";
import { openInBrowser } from "./browser.js";
import { integer } from "./options.js";
import { printable, type Session } from "./session.js";

const EXAMPLES = `
Examples:
  $ stowage desk data                          opens the browser
  $ stowage desk data --port 8137 --no-open    on another machine; from here: ssh -L 8137:127.0.0.1:8137 HOST

The desk answers to this machine alone, and to who has the address that it prints: the part behind # is a key
of this run. It reads and writes in the folder only. Ctrl-C ends it; jobs that run then leave nothing behind.`;

interface Flags {
  port?: number;
  open: boolean;
  readOnly?: boolean;
  column?: string;
}

export function addDesk(program: Command, session: Session): void {
  program
    .command("desk")
    .summary("open a local page: look at files, choose, pack, verify")
    .description(
      "Serves a page to this machine alone: choose a file of the folder, see how it packs as you change capacity and strategy, pack it, verify it, save the report.",
    )
    .argument("[folder]", "whose files can be opened and in which data sets are made", ".")
    .option("--port <n>", "port of 127.0.0.1 (default: any free one)", integer)
    .option("--no-open", "don't open the browser")
    .option("--read-only", "refuse to pack")
    .option("--column <name>", "column of lengths or tokens (default: input_ids)")
    .addHelpText("after", EXAMPLES)
    .action((folder: string, flags: Flags) => desk(session, folder, flags));
}

async function desk(session: Session, folder: string, flags: Flags): Promise<void> {
  const { open, ...options } = flags;
  const { url, port, file, desk, close } = await serveDesk({ folder, ...options });
  try {
    const root = (await desk.list()).folder;
    session.printJson({ url, port, folder: root });
    session.print(`desk of ${printable(root)}: ${url}`);
    session.note("Ctrl-C ends it");
    if (open) await openInBrowser(file, session, url);
    await new Promise((resolve) => {
      if (session.signal.aborted) resolve(undefined);
      session.signal.addEventListener("abort", resolve, { once: true });
    });
  } finally {
    await close();
  }
  throw session.signal.reason;
}
