// The shell: one window that shows the desk's own page and may do nothing else. Packing runs in a process
// of its own, and the page talks to that process alone.

import { join } from "node:path";
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  protocol,
  session,
  type UtilityProcess,
  utilityProcess,
} from "electron";
import { deskPage } from "stowage/desk";

const ADDRESS = "app://desk/";
let window: BrowserWindow | undefined;
let worker: UtilityProcess | undefined;

protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

/** The page from the package, and nothing else, under its own policy. */
function serve(): void {
  const { html, policy } = deskPage();
  protocol.handle("app", (request) => {
    if (request.url !== ADDRESS) return new Response("not found", { status: 404 });
    const headers = {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "X-Content-Type-Options": "nosniff",
    };
    return new Response(html, { headers });
  });
}

/** Asks for the folder that the desk works in; false if the user wants none. */
async function chooseFolder(): Promise<boolean> {
  const { canceled, filePaths } = await dialog.showOpenDialog({
    title: "A folder to pack in",
    properties: ["openDirectory", "createDirectory"],
  });
  const folder = filePaths[0];
  if (canceled || folder === undefined) return false;
  worker?.kill();
  worker = utilityProcess.fork(join(__dirname, "worker.js"), [], { serviceName: "stowage desk" });
  worker.postMessage({ folder });
  return true;
}

function open(): void {
  window = new BrowserWindow({
    width: 1120,
    height: 900,
    title: "stowage desk",
    webPreferences: {
      preload: join(__dirname, "preload.js"),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
    },
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  webContents.on("will-navigate", (event) => event.preventDefault());
  webContents.on("will-attach-webview", (event) => event.preventDefault());
  void window.loadURL(ADDRESS);
}

function menu(): Menu {
  const another = async (): Promise<void> => {
    if (await chooseFolder()) window?.webContents.reload();
  };
  return Menu.buildFromTemplate([
    ...(process.platform === "darwin" ? [{ role: "appMenu" as const }] : []),
    {
      label: "File",
      submenu: [
        { label: "Open folder …", accelerator: "CmdOrCtrl+O", click: () => void another() },
        { role: "quit" },
      ],
    },
    { role: "editMenu" },
    { role: "viewMenu" },
  ]);
}

// The preload asks for a line to the worker whenever the page is loaded.
ipcMain.on("desk", (event) => {
  if (event.senderFrame?.url !== ADDRESS || worker === undefined) return;
  const { port1, port2 } = new MessageChannelMain();
  worker.postMessage({}, [port1]);
  event.senderFrame.postMessage("desk", null, [port2]);
});

async function start(): Promise<void> {
  await app.whenReady();
  session.defaultSession.setPermissionRequestHandler((_, __, answer) => answer(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
  serve();
  Menu.setApplicationMenu(menu());
  if (await chooseFolder()) open();
  else app.quit();
}

if (app.requestSingleInstanceLock()) {
  app.on("second-instance", () => window?.focus());
  app.on("window-all-closed", () => app.quit());
  app.on("quit", () => worker?.kill());
  void start();
} else app.quit();
