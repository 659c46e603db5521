// The picture of the README: the beginning of the report of the bundled documents, as a browser shows it.
// Needs Chromium (STOWAGE_CHROMIUM, or Debian's) and a build; `node scripts/picture.mjs`.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { renderReport, reportData } from "stowage/report";

const LIMIT = 150; // KiB
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const picture = join(root, "docs", "report.png");
const folder = mkdtempSync(join(tmpdir(), "stowage-picture-"));
const browser = await chromium.launch({
  executablePath: process.env.STOWAGE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const data = await reportData(join(root, "examples/data/python-docs.jsonl"), { capacity: 2048 });
  const page = await browser.newPage({ viewport: { width: 900, height: 860 } });
  writeFileSync(join(folder, "report.html"), renderReport(data));
  await page.goto(`file://${join(folder, "report.html")}`);
  await page.screenshot({ path: picture });
  const size = Math.ceil(statSync(picture).size / 1024);
  console.log(`${picture}: ${size} KiB`);
  if (size > LIMIT) throw new Error(`${size} KiB are more than ${LIMIT}`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
