// Where the names of lines stand: beside their line, and on no other. Candidates are the points of the
// line, above and below; the one that hides least is taken.

import { mark } from "./svg.js";
import { r2 } from "./text.js";

/** A line with its name. */
export interface Named {
  readonly name: string;
  /** The letter of its colour. */
  readonly colour: string;
  /** Per cent and pixels. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The narrowest panel, in pixels: what fits there fits everywhere. */
const WIDTH = 250;
const LETTER = 6.8;
const LINE = 14;

/** The names of `lines` within `top` .. `bottom` pixels, clear of the vertical line at `avoid` per cent. */
export function names(lines: readonly Named[], top: number, bottom: number, avoid: number): string {
  const placed: Box[] = [];
  return lines
    .map((line) => {
      const { box, x, y } = place(line, lines, placed, { top, bottom, avoid });
      placed.push(box);
      const at = { x: `${r2(x)}%`, y: r2(y), "text-anchor": "middle" };
      return mark("text", `series t${line.colour}`, at, line.name);
    })
    .join("");
}

function place(
  line: Named,
  lines: readonly Named[],
  placed: readonly Box[],
  { top, bottom, avoid }: { top: number; bottom: number; avoid: number },
): { box: Box; x: number; y: number } {
  const half = (line.name.length * LETTER * 50) / WIDTH;
  let best: { cost: number; box: Box; x: number; y: number } | undefined;
  for (let step = 0; step <= 20; step++) {
    const x = Math.min(Math.max(step * 5, half), 100 - half);
    for (const side of [-1, 1]) {
      // Clear of the line along the whole of the name, not at its middle only.
      const edge = [-half, -half / 2, 0, half / 2, half].map((d) => heightAt(line.points, x + d));
      const base = side < 0 ? Math.min(...edge) - 6 : Math.max(...edge) + LINE;
      const box = { left: x - half, right: x + half, top: base - LINE + 3, bottom: base + 3 };
      const outside = Math.max(0, top - box.top) + Math.max(0, box.bottom - bottom);
      const hidden = lines.filter(({ points }) => crosses(points, box)).length;
      const covered = placed.filter((other) => overlaps(box, other)).length;
      const struck = box.left < avoid && avoid < box.right ? 1 : 0;
      // Where lines run together, a name could be either's.
      const close = lines.filter(
        ({ points }) =>
          points !== line.points && Math.abs(heightAt(points, x) - heightAt(line.points, x)) < 9,
      ).length;
      const away = Math.abs((edge[2] ?? 0) - base) / 40 + Math.abs(x - 50) / 500;
      const cost =
        10 * outside +
        30 * close +
        60 * covered +
        40 * hidden +
        12 * struck +
        away +
        (side > 0 ? 0.1 : 0);
      if (best === undefined || cost < best.cost) best = { cost, box, x, y: base };
    }
  }
  return best!;
}

/** The height of a line at `x`, at its ends beyond them. */
function heightAt(points: Named["points"], x: number): number {
  const after = points.findIndex(([at]) => at >= x);
  const [left, right] = [points[after - 1], points[after]];
  if (right === undefined) return points.at(-1)?.[1] ?? 0;
  if (left === undefined) return right[1];
  return left[1] + ((right[1] - left[1]) * (x - left[0])) / (right[0] - left[0]);
}

function crosses(points: Named["points"], box: Box): boolean {
  const within = (x: number): boolean =>
    x >= (points[0]?.[0] ?? 0) - 1 && x <= (points.at(-1)?.[0] ?? 0) + 1;
  // Between its corners a line is straight: what it passes from one place to the next is all heights between.
  const corners = points.map(([x]) => x).filter((x) => x > box.left && x < box.right);
  const places = [box.left, ...corners, box.right].filter(within);
  const heights = places.map((x) => heightAt(points, x));
  return heights.some((y, at) => {
    const before = heights[at - 1] ?? y;
    return Math.max(y, before) > box.top && Math.min(y, before) < box.bottom;
  });
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
