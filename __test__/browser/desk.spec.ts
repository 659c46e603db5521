// The desk in a browser, by hand: choose, change, pack, verify, cancel; and what a page may not do.

import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type ServedDesk, serveDesk } from "../../desk.js";
import { renderReport, reportData } from "../../report.js";
import { keep, launch, program, skipped, violations, watched } from "./chromium.js";

const data = join(import.meta.dirname, "../../examples/data");
let browser: Browser;

if (program === undefined) test.skip(skipped, (t) => t.pass());
else {
  test.before(async () => {
    browser = await launch();
  });
  test.after.always(() => browser?.close());
}

interface At {
  t: ExecutionContext;
  page: Page;
  desk: ServedDesk;
  folder: string;
}

/** A test of one page of a desk of its own. `hears` are lines that the browser itself writes. */
function desked(
  name: string,
  body: (at: At) => Promise<void>,
  options: BrowserContextOptions & { readOnly?: boolean; hears?: RegExp } = {},
): void {
  if (program === undefined) return;
  const { readOnly = false, hears, ...context } = options;
  test.serial(name, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "stowage-desk-page-"));
    copyFileSync(join(data, "python-docs.jsonl"), join(folder, "python-docs.jsonl"));
    copyFileSync(join(data, "wikipedia512_histogram.txt"), join(folder, "wikipedia.txt"));
    writeFileSync(join(folder, "other.jsonl"), '{"tokens":[1,2,3],"n":1}\n{"tokens":[4],"n":2}\n');
    const desk = await serveDesk({ folder, readOnly });
    const allowed = [`http://127.0.0.1:${desk.port}/`, "blob:"];
    const { page, noise } = await watched(browser, context, allowed);
    page.context().setDefaultTimeout(20_000);
    try {
      await page.goto(desk.url);
      await body({ t, page, desk, folder });
      t.deepEqual(
        noise.filter((line) => hears === undefined || !hears.test(line)),
        [],
      );
    } catch (error) {
      await keep(page, name);
      throw error;
    } finally {
      await page.context().close();
      await desk.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

const state = (page: Page, text: string | RegExp): Promise<void> =>
  page.locator("#d-state").getByText(text).waitFor();
const told = async (page: Page): Promise<string> =>
  (await page.locator("#d-state").textContent()) ?? "";
/** Chooses a file and waits for all its figures. */
const choose = async (page: Page, name: string, says: string | RegExp): Promise<void> => {
  await page.locator(`#d-file option[value="${name}"]`).waitFor({ state: "attached" });
  await page.locator("#d-file").selectOption(name);
  await state(page, says);
};

desked("the key leaves the address bar, and stays in the tab", async ({ t, page, desk }) => {
  t.is(page.url(), `http://127.0.0.1:${desk.port}/`);
  t.is(await page.evaluate(() => sessionStorage.getItem("t")), desk.token);
  t.is(await page.evaluate(() => document.cookie), "");
  t.false((await page.content()).includes(desk.token));
  await page.reload();
  await choose(page, "python-docs.jsonl", /^179 packs/);
  t.is(await page.evaluate(() => history.length), 2);
});

desked(
  "a second tab without the key is refused and says what to do",
  async ({ t, page, desk }) => {
    const tab = await page.context().newPage();
    await tab.goto(`http://127.0.0.1:${desk.port}/`);
    await tab.locator("#d-state").getByText("This page has no token").waitFor();
    t.true(await tab.locator("#d-file").isDisabled());
    const other = await page.context().newPage();
    await other.goto(`http://127.0.0.1:${desk.port}/#t=${"x".repeat(43)}`);
    await other
      .locator("#d-state")
      .getByText(/^ERR_TOKEN/)
      .waitFor();
  },
  { hears: /401/ },
);

desked(
  "a file gives figures: those of its report; another capacity gives others",
  async ({ t, page, folder }) => {
    await choose(page, "python-docs.jsonl", /^179 packs, 99\.80\s% full: no packing has fewer\.$/);
    const docs = await reportData(join(folder, "python-docs.jsonl"), { capacity: 2048 });
    const html = renderReport(docs);
    const sections = (text: string): string[] =>
      [...text.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id!);
    const own = await page.locator("#d-view section").evaluateAll((all) => all.map(({ id }) => id));
    t.deepEqual(own, sections(html));
    t.deepEqual(JSON.parse((await page.locator("#data").textContent()) ?? ""), docs);
    await page.locator("#d-capacity").fill("4096");
    await state(page, /^90 packs/);
    t.regex((await page.locator("#d-view .lead").textContent()) ?? "", /in 90 packs of 4,096/);
    // What was unfolded and chosen stays.
    await page.getByLabel("emptiest").check();
    await page.locator("#lengths summary").click();
    const slider = page.locator("#d-slider");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    const stepped = await page.locator("#d-capacity").inputValue();
    t.true(Number(stepped) < 4096);
    await page
      .locator("#d-view .lead")
      .getByText(`of ${Number(stepped).toLocaleString("en-US")}`)
      .waitFor();
    t.true(await page.getByLabel("emptiest").isChecked());
    t.true(
      await page.locator("#lengths details").evaluate((each) => (each as HTMLDetailsElement).open),
    );
    t.is(await page.evaluate(() => document.activeElement?.id), "d-slider");
  },
);

desked("of answers that overtake each other the newest is shown", async ({ t, page }) => {
  await choose(page, "python-docs.jsonl", /^179 packs/);
  let held: (() => void) | undefined;
  await page.route("**/api/figures", async (route) => {
    if (route.request().postDataJSON().capacity !== 1000) return route.continue();
    const answer = await route.fetch();
    await new Promise<void>((resolve) => {
      held = resolve;
    });
    // The page has given it up by then; one that hadn't would show it.
    return route.fulfill({ response: answer }).catch(() => {});
  });
  const capacity = page.locator("#d-capacity");
  await capacity.fill("1000");
  for (let k = 0; k < 100 && held === undefined; k++) await page.waitForTimeout(50);
  t.truthy(held);
  await capacity.fill("4096");
  await state(page, /^90 packs/);
  held!();
  await page.waitForTimeout(300);
  t.regex(await told(page), /^90 packs/);
  t.regex((await page.locator("#d-view .lead").textContent()) ?? "", /of 4,096/);
});

desked(
  "pack shows how far it is, verify proves it, and a name that is taken is told",
  async ({ t, page, folder }) => {
    await choose(page, "python-docs.jsonl", /^179 packs/);
    t.true(await page.getByRole("button", { name: "Verify" }).isDisabled());
    t.regex((await page.locator("#d-why").textContent()) ?? "", /^Verify: pack first/);
    await page.getByRole("button", { name: "Pack", exact: true }).click();
    await state(page, "Packed: 179 packs in packed.");
    t.true(existsSync(join(folder, "packed", "_stowage.json")));
    t.regex((await page.locator("#d-why").textContent()) ?? "", /^Pack: packed exists/);
    await page.getByRole("button", { name: "Verify" }).click();
    await state(page, /^Proved: 179 packs, token by token, against python-docs\.jsonl/);
    await page.locator("#d-overwrite").check();
    await page.locator("#d-capacity").fill("4096");
    await state(page, /^90 packs/);
    await page.getByRole("button", { name: "Pack", exact: true }).click();
    await state(page, "Packed: 90 packs in packed.");
    await choose(page, "packed", /^90 packs/);
    t.true(await page.locator("#d-capacity").isDisabled());
    await page.getByRole("button", { name: "Verify" }).click();
    await state(page, /^Proved: 90 packs, without their source/);
  },
);

/** A file of about 66 MB. */
const writeLarge = (folder: string): void => {
  const row = JSON.stringify({ input_ids: Array.from({ length: 400 }, (_, k) => 10_000 + k) });
  writeFileSync(join(folder, "large.jsonl"), `${row}\n`.repeat(27_000));
};

desked("cancel leaves the folder as it was", async ({ t, page, folder }) => {
  writeLarge(folder);
  await choose(page, "large.jsonl", /packs, /);
  await state(page, /fewer\.$|possible\.$/);
  const before = readdirSync(folder);
  await page.getByRole("button", { name: "Pack", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await state(page, "Cancelled; nothing is left behind.");
  t.deepEqual(readdirSync(folder), before);
  t.true(await page.getByRole("button", { name: "Cancel" }).isHidden());
});

desked(
  "a job goes on without its page, and a page that comes back finds it",
  async ({ t, page, desk, folder }) => {
    writeLarge(folder);
    await choose(page, "large.jsonl", /packs, /);
    await page.getByRole("button", { name: "Pack", exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).waitFor();
    const context = page.context();
    await page.close();
    const next = await context.newPage();
    await next.goto(desk.url);
    // Either it still runs, and the page follows it, or it has ended meanwhile.
    for (let k = 0; k < 600 && !existsSync(join(folder, "packed", "_stowage.json")); k++)
      await next.waitForTimeout(100);
    t.true(existsSync(join(folder, "packed", "_stowage.json")));
    await next.locator('#d-file option[value="packed"]').waitFor({ state: "attached" });
  },
);

desked(
  "columns are offered where there is no input_ids; figures of another file don't stay",
  async ({ t, page }) => {
    await choose(page, "python-docs.jsonl", /^179 packs/);
    await choose(page, "other.jsonl", /^ERR_COLUMN/);
    t.is(await page.locator("#d-view section").count(), 0);
    t.deepEqual(
      await page
        .locator("#d-columns option")
        .evaluateAll((all) => all.map((each) => (each as HTMLOptionElement).value)),
      ["tokens", "n"],
    );
    await page.locator("#d-column").fill("tokens");
    await page.keyboard.press("Enter");
    await state(page, /^1 pack, /);
    await page.getByRole("button", { name: "Pack", exact: true }).click();
    await state(page, "Packed: 1 pack in packed.");
    await page.getByRole("button", { name: "Verify" }).click();
    await state(page, /^Proved: 1 /);
  },
);

desked(
  "a dropped file is copied after the page has said so, and hostile names stay text",
  async ({ t, page }) => {
    const name = `<img src=x onerror="document.title='taken'">.jsonl`;
    const buffer = Buffer.from('{"input_ids":[1,2,3]}\n');
    await page.locator("#d-upload").setInputFiles({ name, mimeType: "application/json", buffer });
    await page.getByText("would be copied to a temporary folder").waitFor();
    await page.getByRole("button", { name: "Leave it" }).click();
    t.true(await page.locator("#d-note").isHidden());
    await page.locator("#d-upload").setInputFiles({ name, mimeType: "application/json", buffer });
    await page.getByRole("button", { name: "Copy it" }).click();
    await state(page, /^1 pack, /);
    t.is(await page.locator("h1").textContent(), `drop:${name}`);
    t.is(await page.locator("img").count(), 0);
    t.not(await page.title(), "taken");
  },
);

desked("the saved report is the one that the library draws", async ({ t, page, folder }) => {
  await choose(page, "python-docs.jsonl", /^179 packs/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save report" }).click(),
  ]);
  t.is(download.suggestedFilename(), "python-docs.jsonl-2048.html");
  const saved = readFileSync(await download.path(), "utf8");
  t.is(
    saved,
    renderReport(await reportData(join(folder, "python-docs.jsonl"), { capacity: 2048 })),
  );
});

desked(
  "a desk that has ended is noticed",
  async ({ t, page, desk }) => {
    await choose(page, "python-docs.jsonl", /^179 packs/);
    await desk.close();
    await state(page, /^The desk has ended/);
    t.true(await page.getByRole("button", { name: "Pack", exact: true }).isDisabled());
    t.true(await page.locator("#lengths").isVisible());
  },
  { hears: /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE/ },
);

desked(
  "a desk that only reads offers no packing",
  async ({ t, page }) => {
    await choose(page, "python-docs.jsonl", /^179 packs/);
    t.true(await page.getByRole("button", { name: "Pack", exact: true }).isDisabled());
    t.regex((await page.locator("#d-why").textContent()) ?? "", /Pack: this desk only reads/);
  },
  { readOnly: true },
);

desked("a histogram has figures and nothing to pack", async ({ t, page }) => {
  await page.locator("#d-capacity").fill("512");
  await choose(page, "wikipedia.txt", /packs, 99/);
  t.regex((await page.locator("#d-why").textContent()) ?? "", /Pack: a histogram has no tokens/);
  t.true(await page.locator('#d-strategy option[value="next-fit"]').isDisabled());
});

desked("a wrong capacity is told, and the keys reach every control", async ({ t, page }) => {
  await choose(page, "python-docs.jsonl", /^179 packs/);
  await page.locator("#d-capacity").fill("0");
  await state(page, /^The capacity must be/);
  t.regex((await page.locator("#d-why").textContent()) ?? "", /Pack: the capacity must be/);
  await page.locator("#d-capacity").fill("2048");
  await state(page, /^179 packs/);
  await page.locator("#d-file").focus();
  const reached = new Set<string>();
  for (let k = 0; k < 14; k++) {
    const { id, outline } = await page.evaluate(() => {
      const at = document.activeElement!;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return { id: at.id, outline: `${outlineStyle} ${outlineWidth}` };
    });
    reached.add(id);
    if (k > 0) t.regex(outline, /^(solid|auto) [1-9]/, id);
    await page.keyboard.press("Tab");
  }
  for (const id of [
    "capacity",
    "slider",
    "strategy",
    "overlong",
    "format",
    "output",
    "pack",
    "save",
    "upload",
  ])
    t.true(reached.has(`d-${id}`), id);
});

desked(
  "nothing is wider than the window and no control covers another, from 320 to 1600 pixels",
  async ({ t, page }) => {
    await choose(page, "python-docs.jsonl", /^179 packs/);
    await page.getByRole("button", { name: "Pack", exact: true }).click();
    await state(page, /^Packed/);
    for (const width of [320, 360, 768, 1600]) {
      await page.setViewportSize({ width, height: 800 });
      t.true(
        (await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0,
        `${width}`,
      );
      const covered = await page
        .locator("#d-controls :is(input, select, button):visible")
        .evaluateAll((all) => {
          const frame = document.querySelector("#d-controls")!.getBoundingClientRect();
          const boxes = all.map((each) => ({ id: each.id, box: each.getBoundingClientRect() }));
          return boxes.flatMap(({ id, box }, at) => {
            const out =
              box.right > frame.right || box.left < frame.left ? [`${id} leaves its frame`] : [];
            const over = boxes
              .slice(at + 1)
              .filter(
                ({ box: b }) =>
                  box.left < b.right - 1 &&
                  b.left < box.right - 1 &&
                  box.top < b.bottom - 1 &&
                  b.top < box.bottom - 1,
              )
              .map((other) => `${id} and ${other.id}`);
            return [...out, ...over];
          });
        });
      t.deepEqual(covered, [], `${width}`);
    }
  },
);

for (const colorScheme of ["light", "dark"] as const) {
  desked(
    `axe finds nothing in any state, ${colorScheme}`,
    async ({ t, page, desk, folder }) => {
      await page
        .locator('#d-file option[value="python-docs.jsonl"]')
        .waitFor({ state: "attached" });
      t.deepEqual(await violations(page), [], "empty");
      await choose(page, "other.jsonl", /^ERR_COLUMN/);
      t.deepEqual(await violations(page), [], "a column is asked for");
      await choose(page, "python-docs.jsonl", /^179 packs.*fewer\.$/);
      t.deepEqual(await violations(page), [], "figures");
      await page.getByRole("button", { name: "Pack", exact: true }).click();
      await state(page, /^Packed/);
      t.deepEqual(await violations(page), [], "packed");
      await choose(page, "packed", /^179 packs/);
      t.deepEqual(await violations(page), [], "a packed folder");
      await page.locator("#d-upload").setInputFiles(join(folder, "other.jsonl"));
      await page.locator("#d-note").waitFor();
      t.deepEqual(await violations(page), [], "a dropped file");
      await desk.close();
      await state(page, /^The desk has ended/);
      t.deepEqual(await violations(page), [], "ended");
    },
    // Without its policy the browser asks for an icon, too, which nobody has.
    { colorScheme, bypassCSP: true, hears: /401|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE/ },
  );
}
