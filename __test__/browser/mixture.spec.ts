// The mixture in a browser: colours say which source a block is of, in a list, a legend and bars.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Field, Int32, List, Table, Utf8, vectorFromArray } from "apache-arrow";
import test from "ava";
import type { Browser } from "playwright-core";
import { packDataset } from "../../index.js";
import { type ReportData, renderReport, reportData } from "../../report.js";
import { launch, program, skipped, violations, watched } from "./chromium.js";

const HOSTILE = `<img src=x onerror="document.title='taken'">`;
const NAMES = ["web", "books, a long name of a source", HOSTILE, "code"];
let folder: string;
let browser: Browser;
let data: ReportData;
let address: string;

if (program === undefined) test.skip(skipped, (t) => t.pass());
else {
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), "stowage-mixture-page-"));
    browser = await launch();
    const rows = [...Array(900).keys()];
    const made = async (name: string, names: string[]): Promise<string> => {
      const lists = rows.map((k) => Array(1 + ((k * 7919) % 300)).fill(7));
      const input = new Table({
        input_ids: vectorFromArray(lists, new List(new Field("item", new Int32(), true))),
        source: vectorFromArray(
          rows.map((k) => names[Math.floor(((k % 97) / 97) ** 2 * names.length)]!),
          new Utf8(),
        ),
      });
      const output = join(folder, name);
      const columns = { carry: ["source"] };
      await packDataset({ input, output, format: "parquet", capacity: 1024, columns });
      return output;
    };
    const options = { sourceColumn: "source" };
    const compare = await reportData(
      await made("other", ["books, a long name of a source", "new"]),
      options,
    );
    data = await reportData(await made("own", NAMES), { ...options, compare });
    const file = join(folder, "mixture.html");
    writeFileSync(file, renderReport(data));
    address = `file://${file}`;
  });
  test.after.always(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  test.serial("blocks have the colour of their source, in the list of both packings", async (t) => {
    const { page, noise } = await watched(browser, { javaScriptEnabled: false });
    await page.goto(address);
    t.is(await page.locator("img").count(), 0);
    const sample = page.locator('[data-list="sample"]');
    const fill = (at: number, list: number): Promise<string[]> =>
      sample
        .nth(list)
        .locator("li")
        .nth(at)
        .locator("rect.s")
        .evaluateAll((all) => all.map((each) => getComputedStyle(each).fill));
    const bars = await page
      .locator("#sources .hbars >> nth=0 >> rect.k")
      .evaluateAll((all) => all.map((each) => getComputedStyle(each).fill));
    t.is(new Set(bars).size, 4);
    const before = await fill(0, 0);
    t.true(await page.locator(".bylength").isVisible());
    t.true(await page.locator(".bysource").isHidden());
    await page.locator('[name="colour"][value="source"]').check();
    t.true(await page.locator(".bylength").isHidden());
    t.true(await page.locator(".bysource").isVisible());
    t.notDeepEqual(await fill(0, 0), before);
    for (const [at, pack] of data.packs.sample.entries()) {
      const long = pack.runs.flatMap(([length], run) =>
        length < 0.004 * 1024
          ? []
          : pack.sources![run]!.flatMap(([source, times]) => Array(times).fill(bars[source]!)),
      );
      t.deepEqual((await fill(at, 0)).slice(0, long.length), long, `pack ${at}`);
    }
    // What both have is of one colour; what only the other has is of none.
    const books = data.sources!.names.indexOf("books, a long name of a source");
    const theirs = data.other!.packs.sample[0]!;
    const expected = theirs.sources!.flatMap((own) =>
      own.flatMap(([source, times]) =>
        Array(times).fill(data.other!.sources!.names[source] === "new" ? "none" : bars[books]!),
      ),
    );
    t.deepEqual((await fill(0, 1)).slice(0, expected.length), expected);
    await page.getByLabel("emptiest").check();
    t.true(await page.locator(".bylength").isVisible());
    t.true(await page.locator(".colour").isHidden());
    t.deepEqual(noise, []);
    await page.context().close();
  });

  test.serial(
    "bars of one list begin at one place, and lengths are shares of all tokens",
    async (t) => {
      const { page, noise } = await watched(browser);
      await page.goto(address);
      for (const width of [360, 768, 1100]) {
        await page.setViewportSize({ width, height: 800 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        t.true(over <= 0, `${over} pixels too wide at ${width}`);
        for (const list of await page.locator(".hbars").all()) {
          const starts = await list
            .locator(".hrow > svg")
            .evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().x)));
          t.is(new Set(starts).size, 1, `${starts} at ${width}`);
        }
      }
      const wide = await page
        .locator("#sources .hbars >> nth=0 >> rect.k")
        .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().width));
      const { tokens } = data.sources!;
      for (const [at, each] of wide.entries())
        t.true(Math.abs(each / wide[0]! - tokens[at]! / tokens[0]!) < 0.02, `bar ${at}`);
      const button = page.locator('[data-list="sample"] .pack').first();
      await button.click();
      t.regex((await page.locator("#inspect").textContent()) ?? "", /By source: .* = 1,024\.$/);
      t.deepEqual(noise, []);
      await page.context().close();
    },
  );

  for (const colorScheme of ["light", "dark"] as const)
    test.serial(`axe finds nothing in the page of a mixture, ${colorScheme}`, async (t) => {
      const { page, noise } = await watched(browser, { colorScheme, bypassCSP: true });
      await page.goto(address);
      await page.locator('[name="colour"][value="source"]').check();
      t.deepEqual(await violations(page), []);
      t.deepEqual(noise, []);
      await page.context().close();
    });
}
