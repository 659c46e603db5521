// Figures as people read them, and tables of them. The same text in every locale.

const whole: Intl.NumberFormat = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1234567 as 1,234,567. */
export function count(value: number): string {
  return whole.format(value);
}

/** 0.98765 as 98.77 %; never rounded up to 100. */
export function percent(ratio: number): string {
  const shown = ratio < 1 ? Math.min(ratio * 100, 99.99) : 100;
  return `${shown.toFixed(2)} %`;
}

/** Milliseconds with three digits, or seconds, or minutes. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Number(milliseconds.toPrecision(3))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

const BYTE_UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** 1536 as 1.5 KiB. */
export function bytes(value: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= 1024 && unit < BYTE_UNITS.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? rest : rest.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** `1 pack`, `2 packs`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Rows under a heading, columns two spaces apart; a column whose heading starts with > is right-aligned. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  emphasise: (text: string) => string = (text) => text,
): string {
  const right = headings.map((heading) => heading.startsWith(">"));
  const head = headings.map((heading) => heading.replace(/^>/, ""));
  const widths = head.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        right[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [emphasise(line(head)), ...rows.map(line)].join("\n");
}

/** `name   value` lines, values in one column. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
