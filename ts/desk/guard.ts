// Who may ask: the page that this desk has served, on this machine, with this run's token.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { DeskError } from "./errors.js";

/**
 * Refuses a request that another site or program may have made.
 *
 * `Host` is looked at because a name that an attacker owns may be made to point here (DNS rebinding);
 * `Origin` and `Sec-Fetch-Site` because browsers send requests of any site.
 */
export function refuseForeign(request: IncomingMessage, port: number, toPage: boolean): void {
  const { headers } = request;
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (headers.host === undefined || !own.includes(headers.host))
    throw new DeskError("ERR_HOST", "this desk answers to 127.0.0.1 and localhost alone");
  const { origin } = headers;
  if (origin !== undefined && !own.some((host) => origin === `http://${host}`))
    throw new DeskError("ERR_ORIGIN", "the request comes from another site");
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return;
  // The file that forwards to the address is another site; a frame is none of ours.
  const navigates =
    headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  if (toPage && navigates) return;
  throw new DeskError("ERR_ORIGIN", "the request comes from another site");
}

/** Refuses a request without the token. */
export function refuseWithoutToken(request: IncomingMessage, token: string): void {
  const given = /^Bearer ([\w-]+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  // Digests are of one length, so that the comparison says nothing about that either.
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token)))
    throw new DeskError(
      "ERR_TOKEN",
      "the token is missing or of another run; open the address that `stowage desk` printed",
    );
}

/** The body as JSON, of at most `limit` bytes. */
export async function jsonBody(request: IncomingMessage, limit: number): Promise<unknown> {
  if (request.headers["content-type"] !== "application/json")
    throw new DeskError("ERR_TYPE", "the body must be application/json");
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw new DeskError("ERR_SIZE", `a body has at most ${limit} bytes`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8") || "{}");
  } catch (error) {
    throw new DeskError("ERR_TYPE", `the body is no JSON: ${(error as Error).message}`);
  }
}
