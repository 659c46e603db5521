// Pictures of the report and the desk to look at, of inputs that are unlike: light, dark, narrow and printed.
// Nothing is compared with them; what can be said in figures is tested in __test__/browser/.
// Needs Chromium (STOWAGE_CHROMIUM, or Debian's) and a build; `node scripts/pictures.mjs FOLDER [NAME...]`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Field, Int32, List, Table, Utf8, vectorFromArray } from "apache-arrow";
import { chromium } from "playwright-core";
import { LengthHistogram, packDataset } from "stowage";
import { renderReport, reportData } from "stowage/report";

const [out, ...wanted] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: node scripts/pictures.mjs FOLDER [NAME...]");
const PART = 1600; // pixels
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const docs = join(root, "examples/data/python-docs.jsonl");
const wikipedia = join(root, "examples/data/wikipedia512_histogram.txt");
const scratch = mkdtempSync(join(tmpdir(), "stowage-pictures-"));

/** A hundred million sequences: a million drawn lengths, each counted a hundred times. */
function many() {
  let state = 9;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const counts = new Map();
  for (let k = 0; k < 1_000_000; k++) {
    const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
    const length = Math.max(1, Math.min(200_000, Math.round(420 * Math.exp(1.25 * normal))));
    counts.set(length, (counts.get(length) ?? 0) + 100);
  }
  return LengthHistogram.fromCounts(counts);
}

/** A packed folder whose sequences are of `sources`, the first of which has the most. */
async function mixed(name, sources) {
  const rows = [...Array(3000).keys()];
  const tokens = rows.map((k) => Array(1 + ((k * 7919) % 900)).fill(7));
  const which = (k) => Math.floor((((k * 31) % 97) / 97) ** 2 * sources.length);
  const input = new Table({
    input_ids: vectorFromArray(tokens, new List(new Field("item", new Int32(), true))),
    source: vectorFromArray(
      rows.map((k) => sources[which(k)]),
      new Utf8(),
    ),
  });
  const output = join(scratch, name);
  const columns = { carry: ["source"] };
  await packDataset({ input, output, format: "parquet", capacity: 2048, columns });
  return output;
}

const four = ["wikipedia", "books", "code", "questions, answered"];
const twelve = [...four, ...["de", "fr", "it", "ja", "pl", "pt", "ru", "zh"], null];
const inputs = {
  docs: () => reportData(docs, { capacity: 2048 }),
  wikipedia: () => reportData(wikipedia, { capacity: 512 }),
  one: () => reportData([300], { capacity: 512 }),
  alike: () => reportData(Array(1000).fill(300), { capacity: 512 }),
  overlong: () => reportData(Array(100).fill(3000), { capacity: 512 }),
  dropped: () => reportData([3000, 4000], { capacity: 512, overlong: "drop" }),
  empty: () => reportData([], { capacity: 512 }),
  many: () => reportData(many(), { capacity: 8192 }),
  compared: async () =>
    reportData(docs, { capacity: 2048, compare: await reportData(docs, { capacity: 4096 }) }),
  mixture: async () => reportData(await mixed("mixture", four), { sourceColumn: "source" }),
  mixtures: async () =>
    reportData(await mixed("many-sources", twelve), {
      sourceColumn: "source",
      compare: await reportData(await mixed("few-sources", four.slice(1)), {
        sourceColumn: "source",
      }),
    }),
};

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.STOWAGE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const [name, make] of Object.entries(inputs)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const html = renderReport(await make());
    const file = join(scratch, `${name}.html`);
    writeFileSync(file, html);
    for (const [kind, width, colorScheme] of [
      ["light", 1100, "light"],
      ["dark", 1100, "dark"],
      ["narrow", 360, "light"],
    ]) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(`file://${file}`);
      const bySource = page.locator('[name="colour"][value="source"]');
      if ((await bySource.count()) > 0) await bySource.check();
      // In parts that can be read without being made smaller.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      for (let y = 0, part = 1; y < height; y += PART, part++) {
        const clip = { x: 0, y, width, height: Math.min(PART, height - y) };
        const path = join(out, `${name}-${kind}-${part}.png`);
        await page.screenshot({ path, fullPage: true, clip });
      }
      if (kind === "light") {
        const format = { format: "A4", printBackground: true };
        await page.pdf({ path: join(out, `${name}.pdf`), ...format });
      }
      await context.close();
    }
    console.log(`${name}: ${html.length} bytes`);
  }
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
