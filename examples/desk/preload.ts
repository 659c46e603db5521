// What the page may use: three functions, and no part of Node or Electron.

import { contextBridge, ipcRenderer, webUtils } from "electron";

interface Answer {
  id: number;
  event?: { done?: unknown; error?: unknown };
}

const said = new Map<number, (answer: never) => void>();
let next = 1;
const line = new Promise<MessagePort>((resolve) => {
  ipcRenderer.once("desk", ({ ports: [port] }) => {
    if (port === undefined) return;
    port.onmessage = ({ data }: { data: Answer }) => {
      said.get(data.id)?.((data.event ?? data) as never);
      if (data.event === undefined || data.event.done || data.event.error) said.delete(data.id);
    };
    resolve(port);
  });
  ipcRenderer.send("desk");
});

async function ask(request: object, answer: (answer: never) => void): Promise<void> {
  const id = next++;
  said.set(id, answer);
  (await line).postMessage({ id, ...request });
}

contextBridge.exposeInMainWorld("desk", {
  call: (name: string, given: object) =>
    new Promise((resolve) => void ask({ name: String(name), given }, resolve)),
  watch: (job: string, say: (event: never) => void) => void ask({ watch: String(job) }, say),
  // Only a file that the user has dropped or chosen has a path.
  pathOf: (file: File) =>
    new Promise((resolve) => void ask({ admit: webUtils.getPathForFile(file) }, resolve)),
});
