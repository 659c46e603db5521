// The desk in a process of its own: a long job stops no window, and a window no job.

import { callDesk, createDesk, type Desk, faultOf } from "stowage/desk";

interface Request {
  id: number;
  name?: string;
  given?: unknown;
  watch?: string;
  admit?: string;
}

let desk: Promise<Desk> | undefined;

process.parentPort.on("message", ({ data, ports: [port] }) => {
  const { folder } = data as { folder?: string };
  if (folder !== undefined) {
    desk = createDesk({ folder });
    // Calls say what is wrong with it.
    desk.catch(() => {});
  }
  if (port === undefined) return;
  port.on("message", async ({ data }) => {
    const { id, name, given, watch, admit } = data as Request;
    try {
      if (desk === undefined) throw new Error("no folder is open");
      if (watch !== undefined) {
        for await (const event of (await desk).watch(watch)) port.postMessage({ id, event });
      } else if (admit !== undefined) {
        port.postMessage({ id, answer: await (await desk).admit(admit) });
      } else port.postMessage({ id, answer: await callDesk(await desk, String(name), given) });
    } catch (error) {
      const fault = { error: faultOf(error) };
      port.postMessage(watch === undefined ? { id, ...fault } : { id, event: fault });
    }
  });
  port.start();
});
