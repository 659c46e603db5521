// The desk over real HTTP: the contract, and a test for every line of what it refuses.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { createConnection, connect as dial } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { type ServedDesk, serveDesk } from "../../desk.js";
import {
  type Caller,
  deskContract,
  deskFolder,
  type Event,
  ended,
  writeLong,
} from "../fixtures/desk-contract.js";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A request with exactly these headers. */
function raw(
  { port }: ServedDesk,
  {
    path = "/api/list",
    method = "POST",
    headers = {},
    body = "{}",
  }: {
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string | Buffer | undefined;
  },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(method === "GET" || method === "OPTIONS" ? undefined : body);
  });
}

const good = ({ port, token }: ServedDesk): Record<string, string> => ({
  Host: `127.0.0.1:${port}`,
  Authorization: `Bearer ${token}`,
  "Content-Type": "application/json",
});

/** Calls as the page makes them. */
function callerOf(desk: ServedDesk): Caller {
  return {
    call: async (name, given = {}) => {
      const { text } = await raw(desk, {
        path: `/api/${name}`,
        headers: good(desk),
        body: JSON.stringify(given),
      });
      const answer = JSON.parse(text);
      if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
      return answer as never;
    },
    watch: async function* (job) {
      const path = `/api/jobs/${job}`;
      const { status, text } = await raw(desk, { path, method: "GET", headers: good(desk) });
      if (status !== 200) throw new Error(text);
      for (const line of text.split("\n")) if (line !== "") yield JSON.parse(line) as Event;
    },
  };
}

let served: ServedDesk;
let folder: string;
test.before(async () => {
  folder = await deskFolder();
  served = await serveDesk({ folder, limits: { dropped: 1000 } });
});
test.after.always(async () => {
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

const contracted: { desk?: ServedDesk; folder?: string } = {};
test.after.always(async () => {
  await contracted.desk?.close();
  if (contracted.folder) rmSync(contracted.folder, { recursive: true, force: true });
});
deskContract(test, "HTTP", async () => {
  contracted.folder = await deskFolder();
  contracted.desk = await serveDesk({ folder: contracted.folder });
  return { caller: callerOf(contracted.desk), folder: contracted.folder };
});

const page = { path: "/", method: "GET" } as const;
const cases: readonly (readonly [
  string,
  (desk: ServedDesk) => Parameters<typeof raw>[1],
  number,
  string,
])[] = [
  ["no token", (d) => ({ headers: { ...good(d), Authorization: "" } }), 401, "ERR_TOKEN"],
  [
    "a wrong token",
    (d) => ({ headers: { ...good(d), Authorization: `Bearer ${"x".repeat(43)}` } }),
    401,
    "ERR_TOKEN",
  ],
  [
    "a token that goes on",
    (d) => ({ headers: { ...good(d), Authorization: `Bearer ${d.token}x` } }),
    401,
    "ERR_TOKEN",
  ],
  [
    "the token as a cookie",
    (d) => ({ headers: { ...good(d), Authorization: "", Cookie: `t=${d.token}` } }),
    401,
    "ERR_TOKEN",
  ],
  [
    "the token in the address",
    (d) => ({ path: `/api/list?t=${d.token}`, headers: { ...good(d), Authorization: "" } }),
    401,
    "ERR_TOKEN",
  ],
  [
    "another host, as after rebinding a name",
    (d) => ({ headers: { ...good(d), Host: `evil.example:${d.port}` } }),
    403,
    "ERR_HOST",
  ],
  [
    "another port as host",
    (d) => ({ headers: { ...good(d), Host: "127.0.0.1:1" } }),
    403,
    "ERR_HOST",
  ],
  [
    "another host for the page",
    (d) => ({ ...page, headers: { Host: `evil.example:${d.port}` } }),
    403,
    "ERR_HOST",
  ],
  [
    "another origin",
    (d) => ({ headers: { ...good(d), Origin: "http://evil.example" } }),
    403,
    "ERR_ORIGIN",
  ],
  [
    "another port as origin",
    (d) => ({ headers: { ...good(d), Origin: "http://127.0.0.1:1" } }),
    403,
    "ERR_ORIGIN",
  ],
  ["the origin null", (d) => ({ headers: { ...good(d), Origin: "null" } }), 403, "ERR_ORIGIN"],
  [
    "a call across sites",
    (d) => ({ headers: { ...good(d), "Sec-Fetch-Site": "cross-site" } }),
    403,
    "ERR_ORIGIN",
  ],
  [
    "a call of a neighbour site",
    (d) => ({ headers: { ...good(d), "Sec-Fetch-Site": "same-site" } }),
    403,
    "ERR_ORIGIN",
  ],
  [
    "a call that looks like a navigation",
    (d) => ({
      headers: {
        ...good(d),
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
      },
    }),
    403,
    "ERR_ORIGIN",
  ],
  [
    "the page in a frame",
    () => ({
      ...page,
      headers: {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "iframe",
      },
    }),
    403,
    "ERR_ORIGIN",
  ],
  [
    "the page as a script's answer",
    () => ({ ...page, headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" } }),
    403,
    "ERR_ORIGIN",
  ],
  ["a form", (d) => ({ headers: { ...good(d), "Content-Type": "text/plain" } }), 415, "ERR_TYPE"],
  [
    "a form of its own type",
    (d) => ({ headers: { ...good(d), "Content-Type": "application/x-www-form-urlencoded" } }),
    415,
    "ERR_TYPE",
  ],
  ["what is no JSON", (d) => ({ headers: good(d), body: "{" }), 415, "ERR_TYPE"],
  ["a list as parameters", (d) => ({ headers: good(d), body: "[]" }), 404, "ERR_CALL"],
  ["a call by GET", (d) => ({ method: "GET", headers: good(d) }), 404, "ERR_CALL"],
  ["a call by PUT", (d) => ({ method: "PUT", headers: good(d) }), 404, "ERR_CALL"],
  [
    "a question for other methods",
    (d) => ({ method: "OPTIONS", headers: good(d) }),
    404,
    "ERR_CALL",
  ],
  [
    "a name of all objects",
    (d) => ({ path: "/api/constructor", headers: good(d) }),
    404,
    "ERR_CALL",
  ],
  [
    "another address",
    (d) => ({ path: "/etc/passwd", method: "GET", headers: good(d) }),
    404,
    "ERR_CALL",
  ],
  [
    "an unknown job",
    (d) => ({ path: "/api/jobs/999", method: "GET", headers: good(d) }),
    404,
    "ERR_JOB",
  ],
  [
    "a body of more than 1 MB",
    (d) => ({ headers: good(d), body: `{"a":"${"x".repeat(1_000_000)}"}` }),
    413,
    "ERR_SIZE",
  ],
  [
    "an upload as JSON",
    (d) => ({ path: "/api/drop/a.jsonl", method: "PUT", headers: good(d) }),
    415,
    "ERR_TYPE",
  ],
];
for (const [what, given, status, code] of cases) {
  test(`${what} is refused, by code and message alone`, async (t) => {
    const answer = await raw(served, given(served));
    t.is(answer.status, status, answer.text);
    const { error } = JSON.parse(answer.text);
    t.is(error.code, code);
    t.deepEqual(Object.keys(error).sort(), ["code", "message"]);
    t.notRegex(error.message, /\n\s+at /);
    t.false(answer.text.includes(served.token));
    t.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith("access-control")),
      [],
    );
  });
}

test("the page comes with its policy and the headers that keep it apart, and holds no secret", async (t) => {
  const { status, headers, text } = await raw(served, page);
  t.is(status, 200);
  t.false(text.includes(served.token));
  t.like(headers, {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  t.is(headers["set-cookie"], undefined);
  const policy = headers["content-security-policy"] as string;
  const { createHash } = await import("node:crypto");
  for (const tag of ["style", "script"]) {
    const inside = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)![1]!;
    const digest = createHash("sha256").update(inside).digest("base64");
    t.true(policy.includes(`${tag}-src 'sha256-${digest}'`));
  }
  for (const rule of [
    "default-src 'none'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ])
    t.true(policy.includes(rule), rule);
  t.notRegex(text, /<[^>]+\s(style|on\w+)=/);
  const answer = await raw(served, { headers: good(served) });
  t.is(answer.headers["content-security-policy"], policy);
  t.is(answer.headers["cache-control"], "no-store");
});

test("the page opens as what the forwarding file navigates to, and by the name localhost", async (t) => {
  const forwarded = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
  };
  t.is((await raw(served, { ...page, headers: forwarded })).status, 200);
  const host = `localhost:${served.port}`;
  t.is((await raw(served, { ...page, headers: { Host: host } })).status, 200);
  const named = {
    ...good(served),
    Host: host,
    Origin: `http://${host}`,
    "Sec-Fetch-Site": "same-origin",
  };
  t.is((await raw(served, { headers: named })).status, 200);
});

test("no other address of this machine answers", async (t) => {
  const others = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);
  if (process.platform === "linux") others.push("127.0.0.2");
  for (const host of others) {
    const code = await new Promise((resolve) => {
      const socket = dial({ host, port: served.port }, () => resolve("connected"));
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.once("connect", () => socket.destroy());
    });
    t.is(code, "ECONNREFUSED", host);
  }
  t.true(others.length > 0 || process.platform !== "linux");
});

test("the key is 32 random bytes behind #; the file that forwards is the user's alone and goes at the first call", async (t) => {
  const desk = await serveDesk({ folder });
  const other = await serveDesk({ folder });
  t.teardown(() => Promise.all([desk.close(), other.close()]));
  t.is(Buffer.from(desk.token, "base64url").length, 32);
  t.not(desk.token, other.token);
  t.is(desk.url, `http://127.0.0.1:${desk.port}/#t=${desk.token}`);
  t.true(readFileSync(desk.file, "utf8").includes(`content="0;url=${desk.url}"`));
  if (process.platform !== "win32") {
    t.is(statSync(desk.file).mode & 0o777, 0o600);
    t.is(statSync(dirname(desk.file)).mode & 0o777, 0o700);
  }
  await raw(desk, { ...page });
  await raw(desk, { headers: { ...good(desk), Authorization: "Bearer wrong" } });
  t.true(existsSync(desk.file));
  await raw(desk, { headers: good(desk) });
  t.false(existsSync(dirname(desk.file)));
  await other.close();
  t.false(existsSync(dirname(other.file)));
});

test("a desk that only reads packs nothing, and says so", async (t) => {
  const desk = await serveDesk({ folder, readOnly: true });
  t.teardown(() => desk.close());
  const given = { input: "shards", output: "never", format: "parquet", capacity: 8 };
  const { status, text } = await raw(desk, {
    path: "/api/pack",
    headers: good(desk),
    body: JSON.stringify(given),
  });
  t.is(status, 403);
  t.is(JSON.parse(text).error.code, "ERR_READ_ONLY");
  t.false(existsSync(join(folder, "never")));
  t.true(((await callerOf(desk).call("list")) as { readOnly: boolean }).readOnly);
});

/** Sends `body` as a dropped file. */
const dropped = (desk: ServedDesk, name: string, body: string): Promise<Answer> =>
  raw(desk, {
    path: `/api/drop/${name}`,
    method: "PUT",
    headers: { ...good(desk), "Content-Type": "application/octet-stream" },
    body,
  });

/** Folders for dropped files, of all desks of this process. */
const dropFolders = (): string[] =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith("stowage-desk-"))
    .sort();

test.serial(
  "a dropped file lies in a folder for this run, opens under its name, and is gone at the end",
  async (t) => {
    const before = dropFolders();
    const desk = await serveDesk({ folder });
    const { status, text } = await dropped(desk, "my%20data.jsonl", '{"input_ids":[1,2,3]}\n');
    t.is(status, 200, text);
    const { name } = JSON.parse(text);
    t.is(name, "drop:my data.jsonl");
    const again = JSON.parse((await dropped(desk, "my%20data.jsonl", '{"input_ids":[1]}\n')).text);
    t.is(again.name, "drop:my data.jsonl (2)");
    const own = dropFolders().filter((each) => !before.includes(each));
    if (process.platform !== "win32")
      for (const each of own) t.is(statSync(join(tmpdir(), each)).mode & 0o777, 0o700);
    const caller = callerOf(desk);
    const { done } = await ended(caller, "open", { paths: [name] });
    const { data }: { data: { source: { label: string; tokenCount: number } } } = await caller.call(
      "figures",
      { source: (done as unknown as { source: string }).source, capacity: 4 },
    );
    t.like(data.source, { label: name, tokenCount: 3 });
    const list: { files: { name: string; kind: string }[] } = await caller.call("list");
    t.is(list.files.find((file) => file.name === name)?.kind, "data");
    await desk.close();
    t.deepEqual(
      dropFolders().filter((each) => own.includes(each)),
      [],
    );
  },
);

for (const name of [
  "..%2Fup.jsonl",
  "..",
  "a%2Fb.jsonl",
  "a%5Cb.jsonl",
  ".hidden",
  "%00",
  "%E0%A4%A",
]) {
  test(`a dropped file called ${name} is refused`, async (t) => {
    const { status, text } = await dropped(served, name, "x");
    t.is(status, 403, text);
    t.is(JSON.parse(text).error.code, "ERR_OUTSIDE");
  });
}

test("dropped files beyond the bound are refused, and what came of them is removed", async (t) => {
  const desk = await serveDesk({ folder, limits: { dropped: 1000 } });
  t.teardown(() => desk.close());
  t.is((await dropped(desk, "a.jsonl", "x".repeat(600))).status, 200);
  const told = await dropped(desk, "b.jsonl", "x".repeat(600)).catch(() => undefined);
  if (told !== undefined) t.is(told.status, 413, told.text);
  t.is((await dropped(desk, "c.jsonl", "x".repeat(400))).status, 200);
  const list: { files: { name: string }[] } = await callerOf(desk).call("list");
  t.deepEqual(
    list.files.filter(({ name }) => name.startsWith("drop:")).map(({ name }) => name),
    ["drop:a.jsonl", "drop:c.jsonl"],
  );
});

/** Sends `text` and then nothing; resolves to what came until the server ended it. */
function stalled(desk: ServedDesk, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port: desk.port }, () =>
      socket.write(text),
    );
    let got = "";
    socket.on("data", (part) => {
      got += part.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

test("headers that don't end and bodies that stand still are cut off", async (t) => {
  const desk = await serveDesk({ folder, limits: { headers: 300, idle: 300 } });
  t.teardown(() => desk.close());
  t.notRegex(await stalled(desk, "GET / HTTP/1.1\r\nHost: 127"), /200 OK/);
  const head = Object.entries({ ...good(desk), "Content-Length": "100" })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  t.notRegex(await stalled(desk, `POST /api/list HTTP/1.1\r\n${head}\r\n{`), /200 OK/);
  const upload = head.replace("application/json", "application/octet-stream");
  t.notRegex(await stalled(desk, `PUT /api/drop/a.jsonl HTTP/1.1\r\n${upload}\r\nx`), /200 OK/);
  t.is((await raw(desk, { headers: good(desk) })).status, 200);
});

test("more connections than the bound are dropped", async (t) => {
  const desk = await serveDesk({ folder, limits: { connections: 3 } });
  t.teardown(() => desk.close());
  const held = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<ReturnType<typeof dial>>((resolve) => {
          const socket = dial({ host: "127.0.0.1", port: desk.port }, () => resolve(socket));
        }),
    ),
  );
  await t.throwsAsync(raw(desk, { headers: good(desk) }));
  for (const socket of held) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is((await raw(desk, { headers: good(desk) })).status, 200);
});

test("a job goes on when the page that watches it is gone", async (t) => {
  const own = await deskFolder();
  const desk = await serveDesk({ folder: own });
  t.teardown(async () => {
    await desk.close();
    rmSync(own, { recursive: true, force: true });
  });
  writeLong(own, 20_000);
  const caller = callerOf(desk);
  const given = { input: "long.jsonl", output: "kept", format: "parquet", capacity: 4096 };
  const { job }: { job: string } = await caller.call("pack", given);
  await new Promise<void>((resolve) => {
    const watching = request(
      {
        host: "127.0.0.1",
        port: desk.port,
        path: `/api/jobs/${job}`,
        headers: good(desk),
        agent: false,
      },
      (response) => {
        response.once("data", () => {
          watching.destroy();
          resolve();
        });
        response.on("error", () => {});
      },
    );
    watching.on("error", () => {});
    watching.end();
  });
  const list: { jobs: { id: string; running: boolean; output: string }[] } =
    await caller.call("list");
  t.like(
    list.jobs.find(({ id }) => id === job),
    { output: "kept" },
  );
  let last: Event = {};
  for await (const event of caller.watch(job)) last = event;
  t.true(last.done !== undefined, JSON.stringify(last));
  t.true(existsSync(join(own, "kept", "_stowage.json")));
});

test("a desk that is closed ends its jobs, which leave nothing behind", async (t) => {
  const own = await deskFolder();
  t.teardown(() => rmSync(own, { recursive: true, force: true }));
  writeLong(own);
  const desk = await serveDesk({ folder: own });
  const given = { input: "long.jsonl", output: "unwanted", format: "parquet", capacity: 4096 };
  await callerOf(desk).call("pack", given);
  await desk.close();
  t.deepEqual(
    readdirSync(own).filter((name) => name.includes("unwanted")),
    [],
  );
});

test("a folder that isn't there, a file as folder and a taken port are errors", async (t) => {
  const gone = await t.throwsAsync(serveDesk({ folder: join(folder, "gone") }));
  t.is((gone as { code?: string }).code, "ERR_IO");
  const file = join(mkdtempSync(join(tmpdir(), "stowage-desk-file-")), "file");
  writeFileSync(file, "");
  t.is(((await t.throwsAsync(serveDesk({ folder: file }))) as { code?: string }).code, "ERR_IO");
  const taken = await t.throwsAsync(serveDesk({ folder, port: served.port }));
  t.is((taken as { code?: string }).code, "ERR_IO");
  t.is(
    ((await t.throwsAsync(serveDesk({ folder, port: 70_000 }))) as { code?: string }).code,
    "ERR_OPTION",
  );
});
