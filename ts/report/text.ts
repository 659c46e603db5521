// Numbers as words, and text as HTML. The same in every locale.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1234567 as 1,234,567. */
export function n(value: number): string {
  return whole.format(value);
}

/** 1234567 as 1.23 M; whole below ten thousand. */
export function short(value: number): string {
  if (value < 1e4) return n(value);
  const units = ["K", "M", "G", "T", "P"];
  let unit = 0;
  let rest = value / 1000;
  while (Number(rest.toPrecision(3)) >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${Number(rest.toPrecision(3))}\u00a0${units[unit]}`;
}

/** 0.98765 as 98.8 %; 100 and 0 only where they are exact. */
export function pc(share: number, digits = 1): string {
  const least = 10 ** -digits;
  if (share > 0 && share * 100 < least / 2) return `<\u00a0${least.toFixed(digits)}\u00a0%`;
  const shown = share < 1 ? Math.min(share * 100, 100 - least) : share * 100;
  return `${shown.toFixed(share === 1 || share === 0 ? 0 : digits)}\u00a0%`;
}

/** `1 pack`, `2 packs`. */
export function plural(value: number, noun: string): string {
  return `${n(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `7`, `8–15`. */
export function span({ from, to }: { from: number; to: number }): string {
  return to - from <= 1 ? n(from) : `${n(from)}–${n(to - 1)}`;
}

/** `7 tokens`, `8–15 tokens`. */
export function range(bin: { from: number; to: number }, noun: string): string {
  return bin.to - bin.from <= 1 ? plural(bin.from, noun) : `${span(bin)} ${noun}s`;
}

/** Text that can't be taken for markup. */
export function esc(text: unknown): string {
  const codes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (letter) => codes[letter]!);
}

/** Two digits behind the point are a hundredth of a pixel, or of a per cent. */
export function r2(value: number): number {
  return Number(value.toFixed(2));
}
