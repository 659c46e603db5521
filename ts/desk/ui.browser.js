// @ts-check
// The desk's controls over the report's sections. `window.desk` (the bridge of a desktop shell) stands in
// for HTTP where there is one.

/**
 * @typedef {{ call(name: string, given?: object): Promise<any>, watch(job: string): AsyncIterable<any>, take(file: File, said: (share: number) => void): Promise<string>, copies: boolean }} Way
 * @typedef {{ name: string, bytes: number, kind: string }} Listed
 */

(() => {
  /** @param {string} id @returns {any} */
  const $ = (id) => document.getElementById(`d-${id}`);
  /** @param {number} value */
  const n = (value) => value.toLocaleString("en-US");
  /** @param {number} value */
  const size = (value) =>
    value < 1e3
      ? `${value} B`
      : value < 1e6
        ? `${Math.round(value / 1e3)} KB`
        : `${n(Math.round(value / 1e6))} MB`;

  /** @param {string} text @param {boolean} [bad] */
  const say = (text, bad = false) => {
    $("state").textContent = text;
    $("state").classList.toggle("bad", bad);
  };
  /** @param {any} error */
  const fail = (error) => {
    if (error.code === "ERR_SUPERSEDED") return;
    if (error.code === "GONE") ended();
    else say(error.code ? `${error.code}: ${error.message}` : String(error.message), true);
  };

  /** @param {any} json */
  const refused = ({ error }) => Object.assign(new Error(error.message), error);

  /** Calls over HTTP with the token of this run. @param {string} token @returns {Way} */
  const http = (token) => {
    const headers = { Authorization: `Bearer ${token}` };
    /** @param {string} path @param {RequestInit} [options] */
    const ask = async (path, options) => {
      const answer = await fetch(path, options).catch(() => {
        const code = options?.signal?.aborted ? "ERR_SUPERSEDED" : "GONE";
        throw Object.assign(new Error("gone"), { code });
      });
      if (!answer.ok) throw refused(await answer.json());
      return answer;
    };
    // Older figures are given up here, too: a refusal of theirs would stand in the browser's console.
    let figures = new AbortController();
    return {
      copies: true,
      call: async (name, given = {}) => {
        const json = { ...headers, "Content-Type": "application/json" };
        const body = JSON.stringify(given);
        if (name === "figures") {
          figures.abort();
          figures = new AbortController();
        }
        const signal = name === "figures" ? figures.signal : null;
        const request = { method: "POST", headers: json, body, signal };
        const answer = await ask(`/api/${name}`, request);
        return answer.json().catch(() => {
          const code = signal?.aborted ? "ERR_SUPERSEDED" : "GONE";
          throw Object.assign(new Error("gone"), { code });
        });
      },
      watch: async function* (job) {
        const { body } = await ask(`/api/jobs/${job}`, { headers });
        const reader = /** @type {ReadableStream} */ (body)
          .pipeThrough(new TextDecoderStream())
          .getReader();
        for (let rest = ""; ; ) {
          const { value, done } = await reader.read().catch(() => {
            throw Object.assign(new Error("gone"), { code: "GONE" });
          });
          if (done) return;
          const lines = (rest + value).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) yield JSON.parse(line);
        }
      },
      // `fetch` doesn't say how far an upload has come.
      take: (file, said) =>
        new Promise((resolve, reject) => {
          const request = new XMLHttpRequest();
          request.open("PUT", `/api/drop/${encodeURIComponent(file.name)}`);
          request.setRequestHeader("Authorization", headers.Authorization);
          request.setRequestHeader("Content-Type", "application/octet-stream");
          request.upload.onprogress = ({ loaded, total }) => said(total ? loaded / total : 0);
          request.onload = () => {
            const answer = JSON.parse(request.responseText);
            if (answer.error) reject(refused(answer));
            else resolve(answer.name);
          };
          request.onerror = () =>
            reject(new Error(`${file.name} could not be copied; choose it in the list of files`));
          request.send(file);
        }),
    };
  };

  /** The bridge of a desktop shell: files have paths there, nothing is copied. @param {any} bridge @returns {Way} */
  const bridged = (bridge) => ({
    copies: false,
    call: async (name, given = {}) => {
      const { answer, error } = await bridge.call(name, given);
      if (error) throw refused({ error });
      return answer;
    },
    watch: async function* (job) {
      /** @type {any[]} */
      const events = [];
      let wake = () => {};
      bridge.watch(job, (/** @type {any} */ event) => {
        events.push(event);
        wake();
      });
      for (;;) {
        const event = events.shift();
        if (event === undefined) {
          await new Promise((resolve) => {
            wake = () => resolve(undefined);
          });
          continue;
        }
        yield event;
        if (event.done || event.error) return;
      }
    },
    take: async (file) => {
      const { answer, error } = await bridge.pathOf(file);
      if (error) throw refused({ error });
      return answer;
    },
  });

  const given = new URLSearchParams(location.hash.slice(1)).get("t");
  const bridge = /** @type {any} */ (window).desk;
  if (given !== null) {
    sessionStorage.setItem("t", given);
    // Out of the address bar, so that it's in no history and no copied link.
    history.replaceState(null, "", location.pathname);
  }
  const token = sessionStorage.getItem("t");
  const controls = /** @type {any[]} */ ([
    ...document.querySelectorAll("#d-controls input, #d-controls select, #d-controls button"),
  ]);
  /** @param {string} text */
  const close = (text) => {
    for (const control of controls) control.disabled = true;
    say(text, true);
  };
  if (!bridge && token === null) {
    close(
      "This page has no token: open the address that `stowage desk` printed. Only the tab that it opens has one.",
    );
    return;
  }
  const desk = bridge ? bridged(bridge) : http(/** @type {string} */ (token));

  let over = false;
  const ended = () => {
    over = true;
    close("The desk has ended. Start `stowage desk` again; the figures below are the last ones.");
  };

  /** @type {Map<string, Listed>} */
  const files = new Map();
  let readOnly = false;
  /** The open source. @type {{ source: string, kind: string, paths: string[] } | undefined} */
  let open;
  /** What was packed or can be verified: its folder, and its source if that is known. @type {{ output: string, input?: string[], column?: string } | undefined} */
  let made;
  /** The running job that can be cancelled. @type {string | undefined} */
  let job;
  let opening = 0;
  let turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let wait;
  /** @type {number[]} */
  let steps = [];

  const fixed = () => open !== undefined && (open.kind === "plan" || open.kind === "dataset");
  const capacity = () => Number($("capacity").value);
  const options = () => {
    const source = open?.source;
    if (fixed()) return { source };
    return {
      source,
      capacity: capacity(),
      strategy: $("strategy").value,
      overlong: $("overlong").value,
    };
  };

  /** Says of each button what blocks it. */
  const judge = () => {
    if (over) return;
    const output = $("output").value.trim();
    const there = files.get(output);
    $("overwrite-field").hidden = there?.kind !== "dataset" || fixed();
    const whole = Number.isInteger(capacity()) && capacity() >= 1 && capacity() <= 0x7fffffff;
    const pack =
      job !== undefined
        ? "a job is running"
        : readOnly
          ? "this desk only reads"
          : open === undefined
            ? "choose an input first"
            : fixed()
              ? "this is packed already"
              : open.kind === "histogram"
                ? "a histogram has no tokens to pack"
                : !whole
                  ? "the capacity must be a whole number from 1 to 2,147,483,647"
                  : output === ""
                    ? "name an output"
                    : there?.kind === "dataset" && !$("overwrite").checked
                      ? `${output} exists: choose another name, or replace it`
                      : "";
    const verify =
      job !== undefined
        ? "a job is running"
        : made === undefined
          ? "pack first, or choose a packed folder"
          : "";
    const save =
      open === undefined ? "choose an input first" : fixed() || whole ? "" : "the capacity is none";
    /** @type {Map<string, string[]>} */
    const reasons = new Map();
    /** @param {string} id @param {string} name @param {string} why */
    const block = (id, name, why) => {
      $(id).disabled = why !== "";
      if (why !== "") reasons.set(why, [...(reasons.get(why) ?? []), name]);
    };
    block("pack", "Pack", pack);
    block("verify", "Verify", verify);
    block("save", "Save report", save);
    $("why").textContent = [...reasons]
      .map(([why, names]) => `${names.join(", ")}: ${why}.`)
      .join(" ");
    $("cancel").hidden = job === undefined;
    for (const id of ["capacity", "strategy", "overlong", "format", "output"])
      $(id).disabled = open !== undefined && fixed();
    $("slider").disabled = steps.length < 2 || fixed();
  };

  /** The sections as they came, by id: those that stay the same are left alone. @type {Map<string, string>} */
  const shown = new Map();
  const empty = $("view").cloneNode(true);
  const clear = () => {
    shown.clear();
    $("view").replaceChildren(...empty.cloneNode(true).childNodes);
    $("view").classList.remove("old");
  };
  /** @param {string} html @param {any} data */
  const show = (html, data) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const view = $("view");
    const main = view.querySelector("main");
    const header = /** @type {Element} */ (fresh.querySelector("header"));
    const theme = document.querySelector("#theme");
    const focused = document.activeElement === theme;
    view.querySelector("header").replaceWith(document.importNode(header, true));
    if (focused) /** @type {any} */ (document.querySelector("#theme")).focus();
    const parts = [...fresh.querySelectorAll("main > section")];
    const ids = new Set(parts.map(({ id }) => id));
    for (const old of [...main.children]) if (!ids.has(old.id)) old.remove();
    for (const [at, part] of parts.entries()) {
      const old = document.getElementById(part.id);
      const same = old !== null && shown.get(part.id) === part.outerHTML;
      shown.set(part.id, part.outerHTML);
      if (same) {
        if (main.children[at] !== old) main.insertBefore(old, main.children[at] ?? null);
        continue;
      }
      const next = /** @type {Element} */ (document.importNode(part, true));
      if (old === null) {
        main.insertBefore(next, main.children[at] ?? null);
        continue;
      }
      // What was unfolded or chosen stays so.
      const unfolded = [...old.querySelectorAll("details")].map((each) => each.open);
      for (const [k, each] of next.querySelectorAll("details").entries())
        each.open = unfolded[k] ?? false;
      for (const radio of old.querySelectorAll("input:checked")) {
        const { name, value } = /** @type {HTMLInputElement} */ (radio);
        const twin = next.querySelector(`input[name="${name}"][value="${value}"]`);
        if (twin) /** @type {HTMLInputElement} */ (twin).checked = true;
      }
      old.replaceWith(next);
    }
    let store = document.getElementById("data");
    if (store === null) {
      store = document.createElement("script");
      store.setAttribute("type", "application/json");
      store.id = "data";
      document.body.append(store);
    }
    store.textContent = JSON.stringify(data);
    /** @type {any} */ (window).enhance();
  };

  /** @param {any} data */
  const sum = ({ stats }) => {
    if (stats.packCount === 0) return "No pack.";
    const gap =
      stats.gap === 0
        ? "no packing has fewer"
        : `at most ${n(stats.gap)} above the fewest possible`;
    const full =
      stats.efficiency === 1 ? "100" : Math.min(99.99, stats.efficiency * 100).toFixed(2);
    return `${n(stats.packCount)} ${stats.packCount === 1 ? "pack" : "packs"}, ${full}\u00a0% full: ${gap}.`;
  };

  const figures = async () => {
    if (over || open === undefined) return;
    if (!fixed() && !(Number.isInteger(capacity()) && capacity() >= 1 && capacity() <= 0x7fffffff))
      return say("The capacity must be a whole number from 1 to 2,147,483,647.", true);
    const mine = ++turn;
    const asked = options();
    $("view").classList.add("old");
    try {
      for (const whole of [false, true]) {
        const answer = await desk.call("figures", { ...asked, whole });
        if (mine !== turn) return;
        show(answer.html, answer.data);
        $("view").classList.remove("old");
        if (job === undefined)
          say(
            answer.whole
              ? sum(answer.data)
              : `${sum(answer.data)} Other capacities and strategies follow …`,
          );
        if (!answer.whole) continue;
        steps = answer.data.capacities.map((/** @type {any} */ trial) => trial.capacity);
        $("slider").max = String(Math.max(0, steps.length - 1));
        place();
        judge();
        return;
      }
    } catch (error) {
      if (mine === turn) {
        $("view").classList.remove("old");
        fail(error);
      }
    }
  };
  const place = () => {
    const at = steps.filter((step) => step <= capacity()).length - 1;
    $("slider").value = String(Math.max(0, at));
    $("slider").setAttribute("aria-valuetext", n(capacity()));
  };
  /** @param {number} [after] */
  const soon = (after = 80) => {
    judge();
    clearTimeout(wait);
    // What is on its way is of other options already.
    turn++;
    wait = setTimeout(figures, after);
  };

  /** Follows a job to its end. @param {string} id @param {(event: any) => void} [said] @returns {Promise<any>} */
  const follow = async (id, said = () => {}) => {
    for await (const event of desk.watch(id)) {
      if (event.error) throw refused(event);
      if (event.done) return event.done;
      said(event);
    }
    throw Object.assign(new Error("gone"), { code: "GONE" });
  };

  /** @type {Record<string, string>} */
  const STAGES = {
    read: "Reading",
    tokenize: "Tokenizing",
    count: "Counting",
    plan: "Planning",
    bind: "Binding",
    write: "Writing",
    verify: "Verifying",
  };
  /** @param {{ progress: { stage: string, done: number, total: number } }} event */
  const progress = ({ progress: { stage, done, total } }) => {
    $("progress").hidden = false;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    $("progress").value = share;
    say(`${STAGES[stage] ?? stage}: ${Math.floor(share * 100)}\u00a0%`);
  };

  /** Runs what `start` starts, with bar and cancel. @param {string} id @param {(result: any) => string} words */
  const run = async (id, words) => {
    job = id;
    judge();
    let last = "";
    let bad = false;
    try {
      last = words(await follow(id, progress));
    } catch (/** @type {any} */ error) {
      if (error.code === "GONE") return ended();
      bad = error.code !== "ERR_CANCELLED";
      last = bad ? `${error.code}: ${error.message}` : "Cancelled; nothing is left behind.";
    } finally {
      job = undefined;
      $("progress").hidden = true;
    }
    // The list first: by it the buttons say what is possible now.
    await list();
    if (!over) say(last, bad);
    judge();
  };

  /** @param {any} report */
  const packed = (report) =>
    `Packed: ${n(report.packCount)} ${report.packCount === 1 ? "pack" : "packs"} in ${made?.output}.${report.warnings.map((/** @type {string} */ text) => ` Note: ${text}.`).join("")}`;
  /** @param {any} report */
  const proved = (report) =>
    made?.input
      ? `Proved: ${n(report.packCount)} packs, token by token, against ${made.input.join(", ")}.`
      : `Proved: ${n(report.packCount)} packs, without their source.`;

  const list = async () => {
    try {
      const found = await desk.call("list");
      readOnly = found.readOnly;
      const now = found.files
        .map((/** @type {Listed} */ each) => `${each.name}\n${each.bytes}\n${each.kind}`)
        .join("\n");
      if (now !== $("file").dataset.now) {
        $("file").dataset.now = now;
        const chosen = $("file").value;
        files.clear();
        $("file").replaceChildren(
          new Option(found.files.length > 0 ? "–" : "(nothing to open here)", ""),
        );
        for (const each of found.files) {
          files.set(each.name, each);
          const what =
            each.kind === "data"
              ? size(each.bytes)
              : `${each.kind === "dataset" ? "packed" : each.kind}, ${size(each.bytes)}`;
          $("file").add(new Option(`${each.name} (${what})`, each.name));
        }
        if (found.more) {
          const rest = new Option("… more lies deeper or further down: start the desk there", "");
          rest.disabled = true;
          $("file").add(rest);
        }
        if (files.has(chosen)) $("file").value = chosen;
      }
      judge();
      return found;
    } catch (error) {
      fail(error);
      return undefined;
    }
  };

  /** @param {string} [column] */
  const choose = async (column) => {
    const name = $("file").value;
    const mine = ++opening;
    turn++;
    open = undefined;
    made = undefined;
    steps = [];
    judge();
    if (name === "") {
      clear();
      return say("Choose an input.");
    }
    $("view").classList.add("old");
    if (column === undefined) {
      $("column-field").hidden = true;
      $("column").value = "";
    }
    say(`Reading ${name} …`);
    try {
      const asked = { paths: [name], ...(column && { column }) };
      const { job: id } = await desk.call("open", asked);
      const found = await follow(id, (event) => {
        if (mine === opening) progress(event);
      });
      if (mine !== opening) return;
      open = found;
      if (found.kind === "dataset") made = { output: name };
      for (const id of [...$("strategy").options])
        id.disabled = found.kind === "histogram" && !id.dataset.plans;
      if ($("strategy").selectedOptions[0]?.disabled) $("strategy").value = "auto";
      $("progress").hidden = true;
      judge();
      await figures();
      if (found.warnings.length > 0)
        say(`${$("state").textContent} Note: ${found.warnings.join(" ")}`);
    } catch (/** @type {any} */ error) {
      if (mine !== opening) return;
      $("progress").hidden = true;
      // Figures of another file would be taken for those of this one.
      clear();
      if (error.code === "ERR_COLUMN") {
        $("column-field").hidden = false;
        $("columns").replaceChildren(
          ...(error.columns ?? []).map((/** @type {string} */ each) => new Option(each, each)),
        );
        $("column").focus();
      }
      fail(error);
    }
  };

  $("file").onchange = () => choose();
  $("column").onchange = () => {
    if ($("column").value !== "") choose($("column").value);
  };
  $("capacity").oninput = () => {
    place();
    soon();
  };
  $("slider").oninput = () => {
    $("capacity").value = String(steps[Number($("slider").value)] ?? capacity());
    $("slider").setAttribute("aria-valuetext", n(capacity()));
    soon();
  };
  $("strategy").onchange = () => soon();
  $("overlong").onchange = () => soon();
  $("output").oninput = judge;
  $("overwrite").onchange = judge;
  $("form").onsubmit = (/** @type {Event} */ event) => event.preventDefault();

  $("pack").onclick = async () => {
    if (open === undefined) return;
    const output = $("output").value.trim();
    const column = $("column").value;
    const { source: _, ...packing } = options();
    const asked = {
      ...packing,
      ...{ input: open.paths, output, format: $("format").value, empty: "drop" },
      ...(column !== "" && { columns: { tokens: column } }),
      ...($("overwrite").checked && files.get(output)?.kind === "dataset" && { overwrite: true }),
    };
    const input = open.paths;
    try {
      const { job: id } = await desk.call("pack", asked);
      await run(id, (report) => {
        made = { output, input, ...(column !== "" && { column }) };
        $("overwrite").checked = false;
        return packed(report);
      });
    } catch (error) {
      fail(error);
    }
  };
  $("cancel").onclick = () => {
    if (job !== undefined) desk.call("cancel", { job }).catch(fail);
  };
  $("verify").onclick = async () => {
    if (made === undefined) return;
    try {
      const { output, input, column } = made;
      const columns = column === undefined ? {} : { columns: { tokens: column } };
      const { job: id } = await desk.call("verify", {
        output,
        ...(input && { input }),
        ...columns,
      });
      await run(id, proved);
    } catch (error) {
      fail(error);
    }
  };
  $("save").onclick = async () => {
    try {
      say("Drawing the report …");
      const { name, html } = await desk.call("report", options());
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([html], { type: "text/html" }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      say(`Saved as ${name}.`);
    } catch (error) {
      fail(error);
    }
  };

  /** A file that was dropped or chosen, until the user has said what to do. @type {File | undefined} */
  let offered;
  /** @param {File | undefined} file */
  const offer = (file) => {
    offered = file;
    $("note").hidden = true;
    if (file === undefined) return;
    if (!desk.copies) return void take();
    $("note").hidden = false;
    $("note-text").textContent =
      `A browser doesn't say where ${file.name} lies, so its ${size(file.size)} would be copied to a temporary folder, which is removed when the desk ends. If it lies in the desk's folder, choose it in the list of inputs instead: that copies nothing.`;
    $("copy").focus();
  };
  const take = async () => {
    const file = offered;
    offered = undefined;
    $("note").hidden = true;
    $("upload").value = "";
    if (file === undefined) return;
    try {
      say(`Copying ${file.name} …`);
      const name = await desk.take(file, (share) => {
        $("progress").hidden = false;
        $("progress").value = share;
      });
      $("progress").hidden = true;
      await list();
      if (!files.has(name)) return say(`${file.name} is nothing that a desk can open.`, true);
      $("file").value = name;
      await choose();
    } catch (error) {
      $("progress").hidden = true;
      fail(error);
    }
  };
  $("upload").onchange = () => offer($("upload").files[0]);
  $("copy").onclick = take;
  $("leave").onclick = () => {
    offer(undefined);
    $("upload").value = "";
    $("upload").focus();
  };
  document.ondragover = (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  };
  document.ondragleave = () => $("drop").classList.remove("over");
  document.ondrop = (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    if (!over) offer(event.dataTransfer?.files[0]);
  };

  (async () => {
    const found = await list();
    if (found === undefined) return;
    for (const { name, plans, summary } of found.strategies) {
      const option = new Option(name, name);
      option.title = summary;
      if (plans) option.dataset.plans = "yes";
      $("strategy").add(option);
    }
    $("strategy").value = "auto";
    for (const format of found.formats) $("format").add(new Option(format, format));
    if (readOnly) for (const id of ["format", "output"]) $(id).parentElement.hidden = true;
    judge();
    // A page that comes back finds its job where it is.
    const running = found.jobs.find(
      (/** @type {any} */ each) => each.running && each.what !== "open",
    );
    if (running) {
      made = { output: running.output };
      await run(running.id, running.what === "pack" ? packed : proved);
    }
  })();
  // New files appear, and a desk that has ended is noticed.
  setInterval(() => {
    if (!over && document.visibilityState === "visible" && document.activeElement !== $("file"))
      list();
  }, 3000);
})();
