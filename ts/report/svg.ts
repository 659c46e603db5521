// Charts as SVG text: x in per cent, so that they fit any width without a script; y in pixels, so that
// text and lines keep their size. Geometry and colours stand in attributes, which a style sheet overrides:
// where a host's policy removes all styles, charts still read.

/// <reference path="./texts.d.ts" />

import { nice, ticks } from "d3-array";
import { esc, n, r2 } from "./text.js";

/** A value's place: per cent of the width, or pixels from the top. */
export type Scale = (value: number) => number;

/** A logarithmic axis over the width. */
export function logScale(low: number, high: number): Scale {
  const width = Math.log2(high / low) || 1;
  return (value) => (Math.log2(value / low) / width) * 100;
}

/** A vertical axis from zero, its top a round number; and its ticks. */
export function upScale(most: number, bottom: number, top: number): { y: Scale; steps: number[] } {
  const [, high] = nice(0, most, 3);
  return { y: (value) => bottom - (value / high) * (bottom - top), steps: ticks(0, high, 3) };
}

/** Colours of a light page, by class. */
const PAINT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bar: { fill: "#0a66c2" },
  over: { fill: "#b4430b" },
  grey: { fill: "#6e7781" },
  outline: { fill: "none", stroke: "#1c2126", "stroke-dasharray": "3 2" },
  s: { stroke: "#fff" },
  s0: { fill: "#b4cfeb" },
  s1: { fill: "#86b5e2" },
  s2: { fill: "#5596d3" },
  s3: { fill: "#2b75b8" },
  s4: { fill: "#0d4a83" },
  pad: { fill: "#e8b48f" },
  k: { stroke: "#1c2126", "stroke-width": "0.8" },
  k0: { fill: "#0072b2" },
  k1: { fill: "#e69f00" },
  k2: { fill: "#009e73" },
  k3: { fill: "#cc79a7" },
  k4: { fill: "#56b4e9" },
  k5: { fill: "#d55e00" },
  k6: { fill: "#f0e442" },
  k7: { fill: "#8b96a1" },
  kx: { fill: "none", stroke: "#6e7781" },
  range: { stroke: "#57606a", "stroke-width": "3" },
  grid: { stroke: "#d5dbe1" },
  tickmark: { stroke: "#57606a" },
  mark: { stroke: "#57606a", "stroke-dasharray": "2 3" },
  here: { stroke: "#1c2126", "stroke-width": "1.5" },
  line: { fill: "none", "stroke-width": "2", "vector-effect": "non-scaling-stroke" },
  la: { stroke: "#0a66c2" },
  lg: { stroke: "#6e7781" },
  lh: { stroke: "#6e7781", "stroke-dasharray": "3 4" },
  lw: { stroke: "#b4430b" },
  lx: { stroke: "#b4430b", "stroke-dasharray": "7 3" },
  da: { fill: "#0a66c2" },
  dg: { fill: "#6e7781" },
  dh: { fill: "#6e7781" },
  dw: { fill: "#b4430b" },
  dx: { fill: "#b4430b" },
  ring: { fill: "#fff", stroke: "#1c2126", "stroke-width": "1.5" },
};

/** An element with the attributes of its classes; `title` is what it is called. */
export function mark(
  tag: "rect" | "line" | "circle" | "path" | "text",
  classes: string,
  attributes: Readonly<Record<string, string | number>>,
  content = "",
): string {
  const paint = Object.assign({}, ...classes.split(" ").map((name) => PAINT[name])) as object;
  const all = Object.entries({ ...paint, ...attributes });
  const text = all.map(([name, value]) => ` ${name}="${value}"`).join("");
  return `<${tag} class="${classes}"${text}${content === "" ? "/>" : `>${content}</${tag}>`}`;
}

/** What a mark is called, for pointers, keys and readers. */
export function title(text: string): string {
  return `<title>${esc(text)}</title>`;
}

/** One panel of a chart, with its grid and axes. */
export interface Panel {
  /** What is measured, with its unit. */
  readonly label: string;
  /** What a reader is told that the picture is. */
  readonly name: string;
  readonly height: number;
  /** Pixels kept free for the labels of x. */
  readonly bottom: number;
  readonly x: Scale;
  readonly ticksX?: readonly number[];
  readonly y: Scale;
  readonly ticksY: readonly number[];
  readonly marks: string;
  readonly cursor?: boolean;
}

/** Shares as labels of an axis. */
function share(value: number): string {
  return value === 0 ? "0" : `${Number((value * 100).toPrecision(6))}\u00a0%`;
}

/** A panel as SVG. */
export function panel(given: Panel): string {
  const { label, name, height, bottom, x, ticksX = [], y, ticksY, marks, cursor } = given;
  const grid = ticksY.map((value) => {
    const at = r2(y(value));
    const line = mark("line", "grid", { x1: 0, x2: "100%", y1: at, y2: at });
    return `${line}<text class="tick" x="-8" y="${at}" dy=".32em" text-anchor="end">${share(value)}</text>`;
  });
  const shown =
    ticksX.length > 13 ? ticksX.filter((_, i) => (ticksX.length - 1 - i) % 2 === 0) : ticksX;
  const kept = (i: number, most: number): boolean =>
    (shown.length - 1 - i) % Math.ceil(shown.length / most) === 0;
  const axis = shown.map((value, i) => {
    const at = `${r2(x(value))}%`;
    const classes = `tick${kept(i, 8) ? "" : " thin"}${kept(i, 5) ? "" : " thinner"}`;
    const anchor = x(value) > 97 ? "end" : "middle";
    const [y1, y2] = [height - bottom, height - bottom + 5];
    const tick = mark("line", "tickmark", { x1: at, x2: at, y1, y2 });
    return `${tick}<text class="${classes}" x="${at}" y="${y1 + 18}" text-anchor="${anchor}">${lengthLabel(value)}</text>`;
  });
  return `<p class="axis">${label}</p><svg class="panel" overflow="visible" font-family="sans-serif" font-size="12.5" width="100%" height="${height}" role="img" aria-label="${esc(name)}"${cursor ? ` data-cursor="${height - bottom}"` : ""}>${grid.join("")}${marks}${axis.join("")}</svg>`;
}

/** 4096, 16 Ki. */
function lengthLabel(value: number): string {
  return value < 2 ** 14 || value % 1024 !== 0 ? n(value) : `${n(value / 1024)}\u00a0Ki`;
}

/** Powers of two within an axis; round numbers where there are none or one. */
export function powers(low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = 2 ** Math.ceil(Math.log2(low)); power <= high * 1.0001; power *= 2)
    found.push(power);
  return found.length > 1 ? found : ticks(Math.ceil(low), high, 4).filter(Number.isInteger);
}

/** A line through points. The geometry is stretched over the width, its stroke isn't. */
export function curve(
  points: readonly (readonly [number, number])[],
  height: number,
  classes: string,
): string {
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${r2(x * 10)},${r2(y)}`).join("");
  return `<svg width="100%" height="${height}" viewBox="0 0 1000 ${height}" preserveAspectRatio="none" aria-hidden="true">${mark("path", `line ${classes}`, { d: path })}</svg>`;
}

/** The vertical line of what was chosen, its name on top. */
export function here(at: number, y1: number, y2: number, label = ""): string {
  const x = `${r2(at)}%`;
  const line = mark("line", "here", { x1: x, x2: x, y1, y2 });
  if (label === "") return line;
  const anchor = at > 80 ? "end" : at < 20 ? "start" : "middle";
  return `${line}<text class="herelabel" x="${x}" y="11" text-anchor="${anchor}">${label}</text>`;
}
