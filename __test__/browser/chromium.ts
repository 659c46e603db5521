// A real Chromium for the tests of pages, and pages that notice whatever a page should not do.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** The program; undefined where there is none, and the tests of pages are skipped. */
export const program: string | undefined = [
  process.env.STOWAGE_CHROMIUM ?? "/usr/bin/chromium",
].find((path) => existsSync(path));

/** Why they are skipped. */
export const skipped =
  "skipped: no Chromium; install Debian's package `chromium`, or set STOWAGE_CHROMIUM to a program";

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: program!,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
}

/** A page, and what it said, threw or asked for that it should not have. */
export interface Watched {
  readonly page: Page;
  readonly noise: string[];
}

/** A page in a context of its own. `allowed` are the beginnings of addresses it may ask for. */
export async function watched(
  browser: Browser,
  options: BrowserContextOptions = {},
  allowed: readonly string[] = ["file:"],
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const noise: string[] = [];
  page.on("console", (message) => noise.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => noise.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!allowed.some((start) => request.url().startsWith(start))) noise.push(request.url());
  });
  return { page, noise };
}

/** What axe finds wrong in a page, light or dark: rules of WCAG 2.2 AA and good practice. */
export async function violations(page: Page): Promise<string[]> {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.addScriptTag({ content: readFileSync(axe, "utf8") });
  return page.evaluate(async () => {
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<Found> } };
    interface Found {
      violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
    }
    const found = await axe.run({ runOnly: rules });
    return found.violations.map(
      ({ id, nodes }) =>
        `${id} ×${nodes.length}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`,
    );
  });
}

/** Keeps a picture of a page whose test fails, where STOWAGE_ARTEFACTS names a folder. */
export async function keep(page: Page, name: string): Promise<void> {
  const folder = process.env.STOWAGE_ARTEFACTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${name.replace(/\W+/g, "-").slice(0, 80)}.png`),
    await page.screenshot(),
  );
}

/** The colours of a PNG of 8 bits a channel, as Chromium writes them: `at(x, y)` is [red, green, blue]. */
export function colours(png: Buffer): {
  at: (x: number, y: number) => number[];
  width: number;
  height: number;
} {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const channels = png[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const size = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const row = width * channels;
  const out = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x >= channels ? out[y * row + x - channels]! : 0;
      const up = y > 0 ? out[(y - 1) * row + x]! : 0;
      const corner = x >= channels && y > 0 ? out[(y - 1) * row + x - channels]! : 0;
      const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value)) as [
        number,
        number,
        number,
      ];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      const guess = [0, left, up, (left + up) >> 1, paeth][filter!]!;
      out[y * row + x] = raw[y * (row + 1) + 1 + x]! + guess;
    }
  }
  return {
    width,
    height,
    at: (x, y) => [...out.subarray(y * row + x * channels, y * row + x * channels + 3)],
  };
}
