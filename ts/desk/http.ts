// A desk for the browser of this machine: node:http on 127.0.0.1, a page, calls as JSON, jobs as lines.

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StowageError } from "stowage";
import { callDesk, createDesk, type Desk, type DeskOptions } from "./core.js";
import { DropFolder } from "./drop.js";
import { DeskError, faultOf } from "./errors.js";
import { forwarding } from "./forward.js";
import { jsonBody, refuseForeign, refuseWithoutToken } from "./guard.js";
import { deskPage } from "./page.js";

/** What is served, and where. */
export interface ServeOptions extends DeskOptions {
  /** Of 127.0.0.1, 1 .. 65535. Default: any free one. There is no option for another address: use `ssh -L`. */
  port?: number | undefined;
  /** Bounds for tests. */
  limits?: Partial<Limits> | undefined;
}

/** Bounds of a server, in bytes and milliseconds. */
export interface Limits {
  /** Of a JSON body. Default 1 MB. */
  body: number;
  /** Of all dropped files. Default 4 GiB. */
  dropped: number;
  /** Until all headers are there. Default 10 s. */
  headers: number;
  /** Without a byte of a body that is being sent. Default 30 s. */
  idle: number;
  /** Connections at once. Default 64. */
  connections: number;
}

/** A desk that is being served. */
export interface ServedDesk {
  /** With the token, behind `#`. */
  readonly url: string;
  readonly port: number;
  /** Of this run: 32 random bytes. */
  readonly token: string;
  /** A file that forwards to `url` and that only this user can read; it vanishes at the first call. */
  readonly file: string;
  readonly desk: Desk;
  /** Stops all jobs, removes temporary files, ends connections. */
  close(): Promise<void>;
}

const LIMITS: Limits = {
  ...{ body: 1_000_000, dropped: 4 * 2 ** 30 },
  ...{ headers: 10_000, idle: 30_000, connections: 64 },
};

/** What codes are as HTTP; others are 400. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_TOKEN: 401,
  ...{ ERR_HOST: 403, ERR_ORIGIN: 403, ERR_OUTSIDE: 403, ERR_READ_ONLY: 403 },
  ...{ ERR_CALL: 404, ERR_SOURCE: 404, ERR_JOB: 404 },
  ...{ ERR_SUPERSEDED: 409, ERR_OUTPUT_EXISTS: 409 },
  ...{ ERR_SIZE: 413, ERR_TYPE: 415, ERR_INTERNAL: 500 },
};

/**
 * Serves a desk to this machine alone. Jobs go on when pages are closed, and end with the server.
 *
 * @param options see {@link ServeOptions}
 * @throws {StowageError} rejects with `ERR_IO` if the folder can't be opened or the port is taken; `ERR_OPTION`
 */
export async function serveDesk(options: ServeOptions): Promise<ServedDesk> {
  const { port = 0, limits, ...rest } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new StowageError("ERR_OPTION", `\`port\` must be an integer 1 .. 65535, got ${port}`);
  const within: Limits = { ...LIMITS, ...limits };
  const desk = await createDesk(rest);
  const drop = new DropFolder(within.dropped);
  const token = randomBytes(32).toString("base64url");
  const page = deskPage();
  let own = port;
  let used = (): void => {};

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url = "" } = request;
    const toPage = method === "GET" && url === "/";
    refuseForeign(request, own, toPage);
    if (toPage) {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(page.html);
      return;
    }
    refuseWithoutToken(request, token);
    used();
    const [, kind, name] = /^\/api\/(?:(jobs|drop)\/)?([^/?]+)$/.exec(url) ?? [];
    if (method === "GET" && kind === "jobs" && name !== undefined) {
      await tell(desk, name, response);
    } else if (method === "PUT" && kind === "drop" && name !== undefined) {
      const path = await arriving(request, within.idle, drop.take(decoded(name), request));
      send(response, { name: await desk.admit(path) });
    } else if (method === "POST" && kind === undefined && name !== undefined) {
      const given = await arriving(request, within.idle, jsonBody(request, within.body));
      send(response, await callDesk(desk, name, given));
    } else throw new DeskError("ERR_CALL", `there is no ${method} ${url}`);
  };

  const server = createServer({
    connectionsCheckingInterval: Math.min(1000, within.headers),
    headersTimeout: within.headers,
    // Uploads may take long: what counts is that they don't stand still.
    requestTimeout: 0,
  });
  server.maxConnections = within.connections;
  server.on("request", (request, response) => {
    for (const [name, value] of HEADERS) response.setHeader(name, value);
    response.setHeader("Content-Security-Policy", page.policy);
    answer(request, response).catch((error: unknown) => refuse(request, response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `cannot serve at 127.0.0.1:${port}: ${cause.message}`;
      reject(new StowageError("ERR_IO", message, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  own = (server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${own}/#t=${token}`;
  const { path: file, remove } = await forwarding(url);
  used = remove;
  return {
    ...{ url, token, file, desk },
    port: own,
    close: async () => {
      server.close();
      await desk.close();
      server.closeAllConnections();
      remove();
      await drop.close();
    },
  };
}

/** Of every answer; no header lets another site read it. */
const HEADERS: readonly (readonly [string, string])[] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Referrer-Policy", "no-referrer"],
  ["Cache-Control", "no-store"],
];

/** Waits for a body; a sender that stands still is cut off. */
async function arriving<T>(request: IncomingMessage, idle: number, body: Promise<T>): Promise<T> {
  const { socket } = request;
  const cut = (): void => void request.destroy();
  socket.setTimeout(idle, cut);
  try {
    return await body;
  } finally {
    socket.setTimeout(0);
    socket.off("timeout", cut);
  }
}

function send(response: ServerResponse, answer: unknown): void {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(answer));
}

/** The events of a job, a line each, as they come; a reader that is slow holds nothing else up. */
async function tell(desk: Desk, job: string, response: ServerResponse): Promise<void> {
  const events = desk.watch(job);
  response.setHeader("Content-Type", "application/x-ndjson");
  response.flushHeaders();
  for await (const event of events) {
    if (response.destroyed) return;
    const more = response.write(`${JSON.stringify(event)}\n`);
    if (!more)
      await new Promise<void>((resolve) => {
        response.once("drain", resolve);
        response.once("close", resolve);
      });
  }
  response.end();
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new DeskError("ERR_OUTSIDE", `${JSON.stringify(name)} is no plain name of a file`);
  }
}

/** Code and message, no stack. What is left of the body isn't read. */
function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const fault = faultOf(error);
  response.statusCode = STATUS[fault.code] ?? 400;
  if (!request.complete) response.setHeader("Connection", "close");
  send(response, { error: fault });
}
