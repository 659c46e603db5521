// A stand-in for Electron: records what the shell asks for, and carries messages as Electron does, between
// the page's bridge and a real process. Loaded by the shell's files under the name `electron`.
const { fork } = require("node:child_process");
const { EventEmitter } = require("node:events");
const { MessageChannel } = require("node:worker_threads");

const seen = { windows: [], schemes: [], handlers: {}, permissions: {}, quits: 0, menus: [] };
const state = { folder: undefined, bridge: {}, locked: true, frame: "app://desk/" };

/** A port as the main and utility processes have it: messages are events with `data`. */
class PortMain extends EventEmitter {
  constructor(port) {
    super();
    this.port = port;
    port.on("message", (data) => this.emit("message", { data }));
    port.unref();
  }
  postMessage(data) {
    this.port.postMessage(data);
  }
  start() {}
}

class MessageChannelMain {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    Object.assign(this, { port1: new PortMain(port1), port2: new PortMain(port2) });
  }
}

const children = new Set();
/** A process; ports that are handed to it are carried over its own channel by number. */
const utilityProcess = {
  fork(path, _args, options) {
    seen.worker = { path, options };
    const child = fork(`${__dirname}/worker-host.cjs`, [path], { serialization: "advanced" });
    children.add(child);
    const ports = [];
    child.on("message", ({ port, data }) => ports[port]?.postMessage(data));
    return {
      postMessage(data, handed = []) {
        const numbers = handed.map((port) => {
          const number = ports.push(port) - 1;
          port.on("message", (event) => child.send({ port: number, data: event.data }));
          return number;
        });
        child.send({ message: data, ports: numbers });
      },
      kill: () => child.kill(),
    };
  },
};

const app = new EventEmitter();
Object.assign(app, {
  whenReady: async () => {},
  requestSingleInstanceLock: () => state.locked,
  quit: () => {
    seen.quits += 1;
  },
});

class BrowserWindow {
  constructor(options) {
    this.webContents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: (handler) => {
        seen.windowOpen = handler;
      },
      reload() {},
    });
    seen.windows.push({ options, webContents: this.webContents, window: this });
  }
  async loadURL(url) {
    seen.loaded = url;
  }
  focus() {}
}

const ipcMain = new EventEmitter();
const ipcRenderer = new EventEmitter();
ipcRenderer.send = (channel) => {
  const senderFrame = {
    url: state.frame,
    // The page's end is a port as browsers have it: `onmessage` with `data`.
    postMessage: (name, _, [port]) => ipcRenderer.emit(name, { ports: [pagePort(port)] }),
  };
  ipcMain.emit(channel, { senderFrame });
};

function pagePort(port) {
  const page = { onmessage: () => {}, postMessage: (data) => port.postMessage(data) };
  port.on("message", (event) => page.onmessage(event));
  return page;
}

module.exports = {
  ...{ app, BrowserWindow, ipcMain, ipcRenderer, MessageChannelMain, utilityProcess },
  contextBridge: {
    exposeInMainWorld: (name, api) => {
      state.bridge[name] = api;
    },
  },
  dialog: {
    showOpenDialog: async () =>
      state.folder
        ? { canceled: false, filePaths: [state.folder] }
        : { canceled: true, filePaths: [] },
  },
  Menu: {
    buildFromTemplate: (template) => template,
    setApplicationMenu: (menu) => void seen.menus.push(menu),
  },
  protocol: {
    registerSchemesAsPrivileged: (list) => void seen.schemes.push(...list),
    handle: (scheme, handler) => {
      seen.handlers[scheme] = handler;
    },
  },
  session: {
    defaultSession: {
      setPermissionRequestHandler: (handler) => {
        seen.permissions.request = handler;
      },
      setPermissionCheckHandler: (handler) => {
        seen.permissions.check = handler;
      },
    },
  },
  webUtils: { getPathForFile: (file) => file.path },
  fake: {
    seen,
    state,
    end: () => {
      for (const child of children) child.kill();
    },
  },
};
