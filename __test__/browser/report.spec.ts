// The report in a browser: pictures say what the figures say, for pointers, keys, readers and printers.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { LengthHistogram } from "../../index.js";
import { type ReportData, type ReportOptions, renderReport, reportData } from "../../report.js";
import { colours, keep, launch, program, skipped, violations, watched } from "./chromium.js";

const folder = mkdtempSync(join(tmpdir(), "stowage-pages-"));
const docs = join(import.meta.dirname, "../../examples/data/python-docs.jsonl");
const wikipedia = join(import.meta.dirname, "../../examples/data/wikipedia512_histogram.txt");
let browser: Browser;
let data: ReportData;

/** Writes a page; returns its address. */
const written = (name: string, data: ReportData): string => {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, renderReport(data));
  return `file://${path}`;
};
const address = (): string => `file://${join(folder, "docs.html")}`;

if (program === undefined) test.skip(skipped, (t) => t.pass());
else {
  test.before(async () => {
    browser = await launch();
    data = await reportData(docs, { capacity: 2048 });
    written("docs", data);
  });
  test.after.always(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** A test of one page that makes no noise. */
function paged(
  name: string,
  body: (t: ExecutionContext, page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): void {
  if (program === undefined) return;
  test.serial(name, async (t) => {
    const { page, noise } = await watched(browser, options);
    try {
      await body(t, page);
      t.deepEqual(noise, []);
    } catch (error) {
      await keep(page, name);
      throw error;
    } finally {
      await page.context().close();
    }
  });
}

interface Box {
  x: number;
  width: number;
  height: number;
  over: boolean;
}
const boxes = (page: Page, panel: number): Promise<Box[]> =>
  page
    .locator("#lengths .panel")
    .nth(panel)
    .locator("rect.bar")
    .evaluateAll((bars) =>
      bars.map((bar) => {
        const { x, width, height } = bar.getBoundingClientRect();
        return { x, width, height, over: bar.classList.contains("over") };
      }),
    );

paged(
  "bars carry the figures: as many, in proportion, in order, orange right of the line",
  async (t, page) => {
    await page.goto(address());
    const line = await page
      .locator("#lengths line.here")
      .first()
      .evaluate((line) => line.getBoundingClientRect().x);
    for (const [panel, key] of [
      [0, "sequences"],
      [1, "tokens"],
    ] as const) {
      const bars = await boxes(page, panel);
      t.is(bars.length, data.lengths.length);
      const heights = data.lengths.map(
        (bin) => bin[key] / Math.max(Math.log2(bin.to / bin.from) * data.perDoubling, 1),
      );
      const most = heights.indexOf(Math.max(...heights));
      for (const [i, { x, width, height, over }] of bars.entries()) {
        const expected = heights[i]! / heights[most]!;
        if (height > 3)
          t.true(Math.abs(height / bars[most]!.height - expected) < 0.02, `${key}, bar ${i}`);
        t.is(over, data.lengths[i]!.from > data.options.capacity, `bar ${i}`);
        t.is(over, x + width / 2 > line, `bar ${i} and the line`);
        if (i > 0) t.true(x > bars[i - 1]!.x, `bar ${i} stands right of the one before`);
      }
    }
  },
);

paged("keys walk through bars, and the tip says what the table says", async (t, page) => {
  await page.goto(address());
  const tip = page.locator("#tip");
  await page.locator("#lengths .chart").focus();
  const rows = await page
    .locator("#lengths details tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...(row as HTMLTableRowElement).cells].map((cell) => cell.textContent ?? ""),
      ),
    );
  t.is(rows.length, data.lengths.length);
  for (const [key, at] of [
    ["ArrowRight", 0],
    ["ArrowRight", 1],
    ["Home", 0],
    ["ArrowRight", 1],
    ["ArrowLeft", 0],
  ] as const) {
    await page.keyboard.press(key);
    const text = (await tip.textContent()) ?? "";
    const [length = "", sequences = "", share = "", , tokens = ""] = rows[at]!;
    t.true(text.startsWith(length), `${text} / ${length}`);
    for (const part of [sequences, share, tokens]) t.true(text.includes(part), `${text} / ${part}`);
  }
  await page.keyboard.press("Escape");
  t.true(await tip.isHidden());
});

paged(
  "the capacity cursor gives the figures of --data, by keys and by pointer",
  async (t, page) => {
    await page.goto(address());
    const out = page.locator("#capacity-readout");
    const n = (value: number): string => value.toLocaleString("en-US");
    const said = ({ capacity, packCount, overlong }: ReportData["capacities"][number]): RegExp =>
      new RegExp(
        `^capacity ${n(capacity)}: ${n(packCount)} packs?, .*; ${n(overlong.sequences)} longer`,
      );
    const chosen = data.capacities.findIndex(({ capacity }) => capacity === 2048);
    t.regex((await out.textContent()) ?? "", said(data.capacities[chosen]!));
    await page.locator("#capacity-chart").focus();
    for (const [key, at] of [
      ["ArrowRight", chosen + 1],
      ["Home", 0],
      ["End", data.capacities.length - 1],
    ] as const) {
      await page.keyboard.press(key);
      t.regex((await out.textContent()) ?? "", said(data.capacities[at]!));
    }
    const box = (await page.locator("#capacity-chart svg.panel").first().boundingBox())!;
    await page.mouse.move(box.x + 1, box.y + 60);
    t.regex((await out.textContent()) ?? "", said(data.capacities[0]!));
    await page.mouse.move(5, 5);
    t.regex((await out.textContent()) ?? "", said(data.capacities[chosen]!));
  },
);

paged(
  "blocks and padding fill each row; arrows walk, Enter opens the sum; the lists switch",
  async (t, page) => {
    await page.goto(address());
    const list = page.locator('[data-list="sample"]');
    const filled = await list.locator("li").evaluateAll((rows) =>
      rows.map((row) => {
        const whole = row.querySelector("svg")!.getBoundingClientRect().width;
        const parts = [...row.querySelectorAll("rect")].map(
          (part) => part.getBoundingClientRect().width,
        );
        return parts.reduce((a, b) => a + b, 0) / whole;
      }),
    );
    t.is(filled.length, data.packs.sample.length);
    for (const [i, share] of filled.entries())
      t.true(Math.abs(share - 1) < 0.015, `row ${i}: ${share}`);
    await list.locator(".pack").first().focus();
    for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const sum = (await page.locator("#inspect").textContent()) ?? "";
    t.regex(sum, /= 2,048\.$/);
    const terms = sum
      .replace(/^.*lengths\. /, "")
      .replace(/ = .*/, "")
      .replaceAll(",", "")
      .split(" + ");
    const values = terms.map((term) =>
      term
        .replace(/ padding$/, "")
        .split(" × ")
        .reduce((product, factor) => product * Number(factor), 1),
    );
    t.is(
      values.reduce((a, b) => a + b, 0),
      2048,
    );
    await page.keyboard.press("Enter");
    t.true(await page.locator("#inspect").isHidden());
    await page.getByLabel("emptiest").check();
    t.true(await page.locator('[data-list="worst"]').isVisible());
    t.true(await list.isHidden());
    await page.getByLabel("most repeated").check();
    t.true(await page.locator('[data-list="top"]').isVisible());
  },
);

paged(
  "without a script every chart stands, and the lists switch",
  async (t, page) => {
    await page.goto(address());
    t.is(await page.locator("svg.panel").count(), 6);
    t.true(await page.locator('[data-list="sample"]').isVisible());
    await page.getByLabel("emptiest").check();
    t.true(await page.locator('[data-list="worst"]').isVisible());
    t.true(await page.locator('[data-list="sample"]').isHidden());
  },
  { javaScriptEnabled: false },
);

paged("a deep link scrolls there; the button changes the colours", async (t, page) => {
  await page.goto(`${address()}#packs`);
  // The page scrolls smoothly, so it takes a moment.
  const away = (): Promise<number> =>
    page.locator("#packs").evaluate((section) => Math.abs(section.getBoundingClientRect().top));
  for (let k = 0; k < 100 && (await away()) >= 60; k++) await page.waitForTimeout(100);
  t.true((await away()) < 60);
  const background = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  const theme = page.locator("#theme");
  await theme.click();
  t.is(await background(), light);
  await theme.click();
  t.not(await background(), light);
  t.is(await theme.textContent(), "Theme: dark");
});

paged("at most 30 stops of the tab key, each with a visible outline", async (t, page) => {
  await page.goto(address());
  let stops = 0;
  for (; stops < 60; stops++) {
    await page.keyboard.press("Tab");
    const { body, outline } = await page.evaluate(() => {
      const at = document.activeElement!;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return { body: at === document.body, outline: `${outlineStyle} ${outlineWidth}` };
    });
    if (body) break;
    t.regex(outline, /^(solid|auto) [1-9]/, `stop ${stops}`);
  }
  t.true(stops >= 12 && stops <= 30, `${stops} stops`);
});

paged("nothing is wider than the window, from 320 to 1600 pixels", async (t, page) => {
  for (const name of ["docs", "compared"]) {
    if (name === "compared") {
      const other = await reportData(docs, { capacity: 4096, strategies: ["auto", "next-fit"] });
      const { compare: _, ...options }: ReportOptions = { capacity: 2048 };
      written(name, await reportData(docs, { ...options, compare: other }));
    }
    await page.goto(`file://${join(folder, `${name}.html`)}`);
    for (const width of [320, 360, 768, 1600]) {
      await page.setViewportSize({ width, height: 800 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      t.true(over <= 0, `${name}: ${over} pixels too wide at ${width}`);
    }
  }
});

for (const colorScheme of ["light", "dark"] as const) {
  paged(
    `axe finds nothing, ${colorScheme}`,
    async (t, page) => {
      await page.goto(address());
      t.deepEqual(await violations(page), []);
    },
    { colorScheme, bypassCSP: true },
  );
}

for (const colorScheme of ["light", "dark"] as const) {
  paged(
    `axe finds nothing in pages of other inputs, ${colorScheme}`,
    async (t, page) => {
      const other = await reportData(docs, { capacity: 4096, strategies: ["auto", "next-fit"] });
      const pages: [string, ReportData][] = [
        ["compared", await reportData(docs, { capacity: 2048, compare: other })],
        ["a histogram", await reportData(wikipedia, { capacity: 512, strategies: ["auto"] })],
        ["empty", await reportData([], { capacity: 512 })],
        ["one sequence", await reportData([300], { capacity: 512 })],
        ["all overlong", await reportData(Array(100).fill(3000), { capacity: 512 })],
        ["none left", await reportData([3000], { capacity: 512, overlong: "drop" })],
      ];
      for (const [name, data] of pages) {
        await page.goto(written("axe", data));
        t.deepEqual(await violations(page), [], name);
      }
    },
    { colorScheme, bypassCSP: true },
  );
}

if (program !== undefined) {
  test.serial(
    "under a host's policy that removes scripts and styles, charts keep their colours",
    async (t) => {
      const html = renderReport(data);
      const server = createServer((_, response) => {
        const policy =
          "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';";
        response.setHeader("Content-Type", "text/html");
        response.setHeader("Content-Security-Policy", policy);
        response.end(html);
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const { page } = await watched(browser, {}, [at]);
      await page.goto(at);
      const panels = await page.locator("svg.panel").all();
      t.is(panels.length, 6);
      for (const panel of panels) t.true(await panel.isVisible());
      const section = page.locator("#lengths");
      const picture = colours(await section.screenshot());
      const corner = (await section.boundingBox())!;
      const middle = async (which: string): Promise<number[]> => {
        const box = (await page.locator(which).boundingBox())!;
        const x = box.x + box.width / 2 - corner.x;
        return picture.at(Math.round(x), Math.round(box.y + box.height / 2 - corner.y));
      };
      const tallest = data.lengths.map((bin) => bin.tokens / Math.log2(bin.to / bin.from));
      const pick = (over: boolean): number => {
        const kept = tallest.map((value, i) =>
          data.lengths[i]!.from > 2048 === over ? value : -1,
        );
        return kept.indexOf(Math.max(...kept));
      };
      for (const [over, expected] of [
        [false, [10, 102, 194]],
        [true, [180, 67, 11]],
      ] as const) {
        const found = await middle(`#lengths .panel >> nth=1 >> rect.bar >> nth=${pick(over)}`);
        t.deepEqual(found, [...expected]);
      }
      await page.context().close();
      server.close();
    },
  );
}

paged("printed on A4 it has 4 to 6 pages", async (t, page) => {
  await page.goto(address());
  const margin = { top: "12mm", bottom: "12mm", left: "12mm", right: "12mm" };
  const pdf = await page.pdf({ format: "A4", margin });
  const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  t.true(pages >= 4 && pages <= 6, `${pages} pages`);
});

paged("hostile names stay text", async (t, page) => {
  const hostile = `</script></style></title><img src=x onerror="document.title='taken'">'"&`;
  const named = { label: hostile, title: hostile };
  const other = await reportData([5, 3, 9], { capacity: 8, label: hostile });
  const html = written(
    "hostile",
    await reportData([5, 3, 9], { capacity: 8, ...named, compare: other }),
  );
  await page.goto(html);
  t.is(await page.locator("img").count(), 0);
  t.is(await page.locator("h1").textContent(), hostile);
  t.notRegex(await page.title(), /^taken/);
});

paged(
  "a hundred million sequences are a page of less than 400 KB that paints soon",
  async (t, page) => {
    let state = 9;
    const next = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const lengths = Uint32Array.from({ length: 1_000_000 }, () => {
      const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
      return Math.max(1, Math.min(200_000, Math.round(420 * Math.exp(1.25 * normal))));
    });
    const counts = [...LengthHistogram.from(lengths)].map(([length, count]): [number, number] => [
      length,
      count * 100,
    ]);
    const histogram = LengthHistogram.fromCounts(counts);
    const many = await reportData(histogram, {
      capacity: 8192,
      strategies: ["auto", "first-fit-decreasing"],
    });
    t.is(many.source.sequenceCount, 1e8);
    t.true(renderReport(many).length < 400_000, `${renderReport(many).length}`);
    await page.goto(written("many", many));
    await page.locator("#proof").waitFor();
  },
);

const SPECIAL: readonly (readonly [
  string,
  Parameters<typeof reportData>[0],
  ReportOptions,
  RegExp,
  RegExp,
])[] = [
  [
    "an empty input",
    [],
    { capacity: 512 },
    /0 sequences, 0 tokens: the input is empty/,
    /#(lengths|packs|fill|work)"/,
  ],
  [
    "sequences without tokens",
    [0, 0],
    { capacity: 512 },
    /no pack: no sequence has tokens/,
    /#(lengths|packs)"/,
  ],
  [
    "one sequence",
    [300],
    { capacity: 512 },
    /The one sequence has 300 tokens\. None is longer/,
    /#capacity"/,
  ],
  [
    "all of one length",
    Array(1000).fill(300),
    { capacity: 512 },
    /All 1,000 sequences have 300 tokens/,
    /none/,
  ],
  [
    "all overlong, split",
    Array(100).fill(3000),
    { capacity: 512 },
    /All of them are longer than a pack/,
    /none/,
  ],
  [
    "all overlong, dropped",
    [3000, 4000],
    { capacity: 512, overlong: "drop" },
    /no pack: every sequence is left out/,
    /#(packs|fill)"/,
  ],
  [
    "a gap",
    [6, 6, 5, 5, 5, 4, 4, 4, 3],
    { capacity: 14, effort: 0, strategy: "next-fit" },
    /above the fewest possible|no packing has fewer/,
    /none/,
  ],
  ["no packs drawn", [5, 3, 9], { capacity: 8, packs: 0 }, /3 sequences, 17 tokens/, /#packs"/],
  [
    "a capacity far beyond all",
    [5, 3, 9],
    { capacity: 0x7fffffff },
    /None is longer than a pack/,
    /none/,
  ],
];
for (const [name, source, options, says, lacks] of SPECIAL) {
  paged(`${name}: the page says so, and shows nothing that isn't there`, async (t, page) => {
    await page.goto(written("special", await reportData(source, options)));
    const shown = page.locator("header, main");
    const text = (await shown.allTextContents()).join(" ");
    t.regex(text.replaceAll("\u00a0", " "), says);
    const html = await shown.evaluateAll((parts) => parts.map((part) => part.outerHTML).join(""));
    t.notRegex(html, /NaN|Infinity|undefined/);
    const links = await page
      .locator("nav a")
      .evaluateAll((all) => all.map((a) => `${a.getAttribute("href")}"`));
    for (const link of links) t.notRegex(link, lacks);
  });
}

paged(
  "figures of millions are not cut, from 320 pixels on, and stand in one line where there is room",
  async (t, page) => {
    await page.goto(
      written("millions", await reportData(wikipedia, { capacity: 512, capacities: [] })),
    );
    for (const width of [320, 360, 768, 1100]) {
      await page.setViewportSize({ width, height: 800 });
      const cut = await page.locator("#strategies .barcell text").evaluateAll(
        (all) =>
          all.filter((each) => {
            const cell = each.closest("td")!.getBoundingClientRect();
            return each.getBoundingClientRect().right > cell.right + 1;
          }).length,
      );
      t.is(cut, 0, `${width}`);
      const tall = await page
        .locator("#fill .hrow")
        .evaluateAll((all) => Math.max(...all.map((each) => each.getBoundingClientRect().height)));
      if (width >= 768) t.true(tall < 30, `${tall} pixels at ${width}`);
    }
  },
);

paged("a histogram has no line of packing in order", async (t, page) => {
  await page.goto(
    written("wikipedia", await reportData(wikipedia, { capacity: 512, strategies: ["auto"] })),
  );
  t.is(await page.getByText("next-fit, in order").count(), 0);
  t.is(await page.getByText("one sequence a row", { exact: true }).count(), 2);
});
