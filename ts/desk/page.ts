// The page of a desk: controls, and the report's own sections below them. It holds no secret.

/// <reference path="../report/texts.d.ts" />

import { digest, PAGE, PATTERN } from "../report/page.js";
import script from "./ui.browser.js";
import style from "./ui.css";

/** The page, and the policy that goes with it as a header. */
export interface DeskPage {
  html: string;
  /** For `Content-Security-Policy`: this style and this script, answers of the desk, nothing else. */
  policy: string;
}

const CONTROLS = `<section id="d-controls" aria-label="Controls"><form id="d-form" autocomplete="off"><div class="d-fields">
<label class="d-long">input<select id="d-file"><option value="">–</option></select></label>
<label id="d-column-field" hidden>column<input id="d-column" list="d-columns" spellcheck="false"><datalist id="d-columns"></datalist></label>
<label>capacity<input id="d-capacity" type="number" min="1" max="2147483647" step="1" value="2048" inputmode="numeric"></label>
<label>candidates<input id="d-slider" type="range" min="0" max="0" step="1" value="0" disabled></label>
<label>strategy<select id="d-strategy"></select></label>
<label>longer sequences<select id="d-overlong"><option>split</option><option>truncate</option><option>truncate-start</option><option>drop</option></select></label>
<label>format<select id="d-format"></select></label>
<label>output<input id="d-output" value="packed" spellcheck="false"></label>
<label class="d-check" id="d-overwrite-field" hidden><input id="d-overwrite" type="checkbox">replace it</label>
</div><div class="d-buttons"><button type="button" id="d-pack" aria-describedby="d-why">Pack</button><button type="button" id="d-cancel" hidden>Cancel</button><button type="button" id="d-verify" aria-describedby="d-why">Verify</button><button type="button" id="d-save" aria-describedby="d-why">Save report</button><span id="d-why"></span></div></form>
<div id="d-drop"><label>Drop a file here, or choose one: <input id="d-upload" type="file"></label><div id="d-note" hidden><p id="d-note-text"></p><button type="button" id="d-copy">Copy it</button> <button type="button" id="d-leave">Leave it</button></div></div>
<p id="d-state" role="status">Choose an input.</p><progress id="d-progress" max="1" value="0" aria-label="Progress" hidden></progress></section>`;

const EMPTY = `<header><p class="kicker">stowage desk</p><h1>No input yet</h1></header><main id="main"><p class="lead">Choose a file of the folder: its lengths are drawn here, and change as you change the capacity.</p></main>`;

/** The page and its policy. */
export function deskPage(): DeskPage {
  const styles = `${PAGE.style}${style}`;
  const scripts = `${PAGE.script}\n${script}`;
  return {
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><title>stowage desk</title><style>${styles}</style></head><body><a class="skip" href="#main">Skip to the figures</a>${PATTERN}
${CONTROLS}
<div id="d-view">${EMPTY}</div>
<div id="tip" role="status" hidden></div><script>${scripts}</script></body></html>
`,
    policy: `default-src 'none'; script-src ${digest(scripts)}; style-src ${digest(styles)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}
