// @ts-check
// The page is whole without this: it adds a pointer and arrow keys, the capacity cursor, the sum of a
// pack and a switch of themes. The desk calls it again for every new set of figures.

/**
 * @typedef {{ runs: [number, number][], rest?: { sequences: number, tokens: number, sources?: [number, number, number][] }, multiplicity: number, padding: number, ids?: number[], sources?: [number, number, number][][] }} Pack
 */

function enhance() {
  /** @param {string} selector @param {ParentNode} [at] @returns {any} */
  const one = (selector, at = document) => at.querySelector(selector);
  /** @param {string} selector @param {ParentNode} [at] @returns {any[]} */
  const all = (selector, at = document) => [...at.querySelectorAll(selector)];
  const data = JSON.parse(one("#data").textContent);
  const tip = one("#tip");
  /** @param {number} value */
  const n = (value) => value.toLocaleString("en-US");

  /** @param {string} text @param {number} x @param {number} y */
  const show = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = tip;
    const left = Math.max(4, Math.min(x - width / 2, innerWidth - width - 4));
    const top = y - height - 10 < 4 ? y + 16 : y - height - 10;
    tip.style.transform = `translate(${left}px,${top}px)`;
  };
  const hide = () => {
    tip.hidden = true;
  };
  // A mark's title is its text for readers; the page's own tip takes its place for pointers.
  for (const mark of all(".m, .s, .pad")) {
    const title = one("title", mark);
    if (!title) continue;
    mark.dataset.t = title.textContent;
    title.remove();
  }
  document.onpointermove = (event) => {
    const mark = /** @type {any} */ (event.target).closest?.("[data-t]");
    if (mark) show(mark.dataset.t, event.clientX, event.clientY);
    else hide();
  };
  window.onscroll = hide;

  for (const chart of all("[data-walk]")) {
    const marks = all(".m", chart);
    let at = -1;
    /** @param {number} to */
    const go = (to) => {
      marks[at]?.classList.remove("on");
      at = (to + marks.length) % marks.length;
      marks[at].classList.add("on");
      const box = marks[at].getBoundingClientRect();
      show(marks[at].dataset.t, box.x + box.width / 2, box.y);
    };
    const leave = () => {
      marks[at]?.classList.remove("on");
      hide();
    };
    chart.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") return leave();
      const to = new Map([
        ["ArrowRight", at + 1],
        ["ArrowLeft", at < 0 ? marks.length - 1 : at - 1],
        ["Home", 0],
        ["End", marks.length - 1],
      ]).get(event.key);
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
    chart.onblur = leave;
  }

  const chart = one("#capacity-chart");
  if (chart) {
    const points = chart.dataset.points.split(" ").map(Number);
    const out = one("#capacity-readout");
    const first = out.textContent;
    const rows = all("#capacity-table tbody tr").map((row) =>
      [...row.cells].map((cell) => cell.textContent),
    );
    const lines = all("[data-cursor]", chart).map((panel) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      line.setAttribute("class", "cursor");
      line.setAttribute("y1", "16");
      line.setAttribute("y2", panel.dataset.cursor);
      line.setAttribute("visibility", "hidden");
      panel.append(line);
      return line;
    });
    const ranks = one("#capacity-table thead th:nth-child(7)").textContent.split(",")[0];
    const chosen = rows.findIndex((row) => row[0] === n(data.options.capacity));
    let at = chosen;
    /** @param {number} to */
    const go = (to) => {
      at = Math.max(0, Math.min(points.length - 1, to));
      for (const line of lines) {
        line.setAttribute("x1", `${points[at]}%`);
        line.setAttribute("x2", `${points[at]}%`);
        line.setAttribute("visibility", "visible");
      }
      const [capacity, packs, full, over, truncate, drop, balanced] = rows[at] ?? [];
      const busy =
        balanced === "–" ? "" : `; ${ranks} in balanced order work ${balanced} of the time`;
      out.textContent = `capacity ${capacity}: ${packs} ${packs === "1" ? "pack" : "packs"}, ${full} full; ${over} longer, of all tokens ${truncate} lost by truncating, ${drop} by dropping${busy}`;
      out.setAttribute("aria-live", "polite");
    };
    const leave = () => {
      at = chosen;
      for (const line of lines) line.setAttribute("visibility", "hidden");
      out.textContent = first;
    };
    chart.onpointermove = (/** @type {PointerEvent} */ event) => {
      const box = one("svg", chart).getBoundingClientRect();
      const share = ((event.clientX - box.x) / box.width) * 100;
      const nearest = (
        /** @type {number} */ best,
        /** @type {number} */ value,
        /** @type {number} */ i,
      ) => (Math.abs(value - share) < Math.abs(points[best] - share) ? i : best);
      go(points.reduce(nearest, 0));
    };
    chart.onpointerleave = leave;
    chart.onblur = leave;
    chart.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") return leave();
      const to = new Map([
        ["ArrowRight", at + 1],
        ["ArrowLeft", at - 1],
        ["Home", 0],
        ["End", points.length - 1],
      ]).get(event.key);
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
  }

  const inspect = one("#inspect");
  /** @param {any} button */
  const open = (button) => {
    const was = one('.pack[aria-pressed="true"]');
    was?.setAttribute("aria-pressed", "false");
    inspect.hidden = was === button;
    if (was === button) return;
    button.setAttribute("aria-pressed", "true");
    button.after(inspect);
    const words = button.dataset.pack.split(" ");
    const of = words[0] === "other" ? data.other : data;
    const [key, place] = words.slice(-2);
    /** @type {Pack} */
    const pack = of.packs[key][place];
    const terms = pack.runs.map(([length, times]) =>
      times > 1 ? `${times} × ${n(length)}` : n(length),
    );
    if (pack.rest) terms.push(`${n(pack.rest.tokens)} of ${n(pack.rest.sequences)} shorter`);
    if (pack.padding) terms.push(`${n(pack.padding)} padding`);
    const many = pack.multiplicity === 1 ? "One pack has" : `${n(pack.multiplicity)} packs have`;
    const ids = pack.ids
      ? ` Sequences ${pack.ids.slice(0, 40).map(n).join("; ")}${pack.ids.length > 40 ? " …" : ""}.`
      : "";
    const parts = new Map();
    for (const [source, , tokens] of [
      ...(pack.sources ?? []).flat(),
      ...(pack.rest?.sources ?? []),
    ])
      parts.set(source, (parts.get(source) ?? 0) + tokens);
    const { names, others } = of.sources ?? {};
    /** @param {number} at */
    const named = (at) =>
      others && at === names.length - 1 ? `${n(others)} others` : (names[at] ?? "without a value");
    const mixed = [...parts].sort(([a], [b]) => a - b).map(([at, sum]) => `${named(at)} ${n(sum)}`);
    const sources = mixed.length > 0 ? ` By source: ${mixed.join("; ")}.` : "";
    inspect.textContent = `${many} these lengths.${ids}${sources} ${terms.join(" + ")} = ${n(of.options.capacity)}.`;
  };
  for (const list of all(".packs")) {
    const buttons = all(".pack", list);
    list.onclick = (/** @type {MouseEvent} */ event) => {
      const button = /** @type {any} */ (event.target).closest(".pack");
      if (button) open(button);
    };
    list.onkeydown = (/** @type {KeyboardEvent} */ event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = new Map([
        ["ArrowDown", at + 1],
        ["ArrowUp", at - 1],
        ["Home", 0],
        ["End", buttons.length - 1],
      ]).get(event.key);
      if (to === undefined || !buttons[to]) return;
      event.preventDefault();
      buttons[at].tabIndex = -1;
      buttons[to].tabIndex = 0;
      buttons[to].focus();
    };
  }

  const button = one("#theme");
  const root = document.documentElement;
  const themes = ["system", "light", "dark"];
  button.hidden = false;
  button.textContent = `Theme: ${root.dataset.theme ?? "system"}`;
  button.onclick = () => {
    const theme = themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % 3] ?? "system";
    button.textContent = `Theme: ${theme}`;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };
}

if (document.getElementById("data")) enhance();
