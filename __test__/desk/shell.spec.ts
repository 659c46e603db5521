// examples/desk without Electron: what the shell asks for, what it refuses, and the contract over its bridge.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { buildSync } from "esbuild";
import { type Caller, deskContract, deskFolder, type Event } from "../fixtures/desk-contract.js";

const root = join(import.meta.dirname, "../..");
const example = join(root, "examples/desk");

/** The shell as it is installed, with the stand-in as Electron. */
function installed(): { app: string; load: (file: string) => unknown; electron: Fake } {
  const app = mkdtempSync(join(tmpdir(), "stowage-shell-"));
  mkdirSync(join(app, "node_modules/electron"), { recursive: true });
  for (const [from, to] of [
    ["fake-electron.cjs", "index.js"],
    ["worker-host.cjs", "worker-host.cjs"],
  ] as const)
    cpSync(join(import.meta.dirname, from), join(app, "node_modules/electron", to));
  symlinkSync(root, join(app, "node_modules/stowage"), "junction");
  writeFileSync(join(app, "package.json"), "{}");
  buildSync({
    entryPoints: ["main", "preload", "worker"].map((name) => join(example, `${name}.ts`)),
    outdir: join(app, "out"),
    platform: "node",
    format: "cjs",
    target: "node20",
  });
  const load = createRequire(join(app, "out/x.js"));
  return { app, load, electron: load("electron") as Fake };
}

type Handler = (...given: unknown[]) => unknown;
interface Fake {
  app: NodeJS.EventEmitter;
  fake: {
    seen: {
      windows: { options: { webPreferences: object }; webContents: NodeJS.EventEmitter }[];
      schemes: object[];
      handlers: { app: (request: { url: string }) => Response };
      permissions: { request: Handler; check: Handler };
      windowOpen: Handler;
      worker: { path: string };
      loaded: string;
      quits: number;
    };
    state: { folder?: string; bridge: { desk: Bridge }; frame: string; locked: boolean };
    end: () => void;
  };
}
interface Bridge {
  call(
    name: string,
    given: object,
  ): Promise<{ answer?: never; error?: { code: string; message: string } }>;
  watch(job: string, say: (event: Event) => void): void;
  pathOf(file: { path: string }): Promise<{ answer: string }>;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

let shell: ReturnType<typeof installed>;
let folder: string;
test.before(async () => {
  folder = await deskFolder();
  shell = installed();
  shell.electron.fake.state.folder = folder;
  shell.load("./main.js");
  await settled();
  shell.load("./preload.js");
});
test.after.always(() => {
  shell?.electron.fake.end();
  for (const each of [folder, shell?.app]) if (each) rmSync(each, { recursive: true, force: true });
});

deskContract(test, "Electron's bridge", async () => {
  for (let k = 0; k < 100 && !shell?.electron.fake.state.bridge.desk; k++) await settled();
  const { desk } = shell.electron.fake.state.bridge;
  const caller: Caller = {
    call: async (name, given = {}) => {
      const { answer, error } = await desk.call(name, given);
      if (error) throw Object.assign(new Error(error.message), error);
      return answer as never;
    },
    watch: async function* (job) {
      const events: Event[] = [];
      let wake = (): void => {};
      desk.watch(job, (event) => {
        events.push(event);
        wake();
      });
      for (;;) {
        const event = events.shift();
        if (event === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        else yield event;
        if (event?.done || event?.error) return;
      }
    },
  };
  return { caller, folder };
});

test("the window is sandboxed, isolated, and opens and reaches nothing else", (t) => {
  const { seen } = shell.electron.fake;
  t.is(seen.windows.length, 1);
  const [{ options, webContents }] = seen.windows as [(typeof seen.windows)[0]];
  t.like(options.webPreferences, {
    ...{ sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false },
    preload: join(shell.app, "out/preload.js"),
  });
  t.is(seen.loaded, "app://desk/");
  t.deepEqual(seen.windowOpen({ url: "https://example.org" }), { action: "deny" });
  for (const name of ["will-navigate", "will-attach-webview"]) {
    let prevented = false;
    webContents.emit(name, { preventDefault: () => (prevented = true) });
    t.true(prevented, name);
  }
  let answered: unknown;
  seen.permissions.request({}, "media", (answer: unknown) => {
    answered = answer;
  });
  t.is(answered, false);
  t.is(seen.permissions.check({}, "media"), false);
  t.deepEqual(seen.schemes, [
    { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
});

test("the page comes from the package under its policy, and nothing else does", async (t) => {
  const serve = shell.electron.fake.seen.handlers.app;
  const page = serve({ url: "app://desk/" });
  t.is(page.status, 200);
  const policy = page.headers.get("Content-Security-Policy")!;
  t.true(policy.startsWith("default-src 'none'; script-src 'sha256-"));
  t.regex(await page.text(), /<title>stowage desk<\/title>/);
  for (const url of ["app://desk/../package.json", "app://desk/x", "app://other/"])
    t.is(serve({ url }).status, 404, url);
});

test("a file that was dropped is reached by its name, wherever it lies, and by no other way", async (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), "stowage-elsewhere-"));
  t.teardown(() => rmSync(elsewhere, { recursive: true }));
  writeFileSync(join(elsewhere, "dropped.jsonl"), '{"input_ids":[1,2,3]}\n');
  const { desk } = shell.electron.fake.state.bridge;
  const { answer } = await desk.pathOf({ path: join(elsewhere, "dropped.jsonl") });
  t.is(answer, "drop:dropped.jsonl");
  const { answer: job } = await desk.call("open", { paths: [answer] });
  const end = await new Promise<Event>((resolve) =>
    desk.watch((job as unknown as { job: string }).job, (event) => {
      if (event.done || event.error) resolve(event);
    }),
  );
  t.like(end.done, { kind: "lengths" });
  t.is((await desk.call("admit", { path: "/etc/passwd" })).error?.code, "ERR_CALL");
});

test.serial("no folder, a second start and a foreign frame get no desk", async (t) => {
  const none = installed();
  t.teardown(() => rmSync(none.app, { recursive: true, force: true }));
  none.load("./main.js");
  await settled();
  t.is(none.electron.fake.seen.windows.length, 0);
  t.is(none.electron.fake.seen.quits, 1);

  const second = installed();
  t.teardown(() => rmSync(second.app, { recursive: true, force: true }));
  second.electron.fake.state.locked = false;
  second.load("./main.js");
  await settled();
  t.is(second.electron.fake.seen.windows.length, 0);
  t.is(second.electron.fake.seen.quits, 1);

  const foreign = installed();
  t.teardown(() => {
    foreign.electron.fake.end();
    rmSync(foreign.app, { recursive: true, force: true });
  });
  foreign.electron.fake.state.folder = folder;
  foreign.electron.fake.state.frame = "https://example.org/";
  foreign.load("./main.js");
  await settled();
  foreign.load("./preload.js");
  const answered = await Promise.race([
    foreign.electron.fake.state.bridge.desk.call("list", {}),
    settled().then(() => "nothing"),
  ]);
  t.is(answered, "nothing");
});

test("the package unpacks native files alone, and Electron runs as nothing but this app", (t) => {
  const { build, main } = JSON.parse(readFileSync(join(example, "package.json"), "utf8"));
  t.is(main, "out/main.js");
  t.deepEqual(build.asarUnpack, ["**/*.node"]);
  t.deepEqual(build.electronFuses, {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    onlyLoadAppFromAsar: true,
    enableEmbeddedAsarIntegrityValidation: true,
    grantFileProtocolExtraPrivileges: false,
  });
});
