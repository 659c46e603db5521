// Style sheets and scripts of pages are taken in as text when the package is built.

declare module "*.css" {
  const text: string;
  export default text;
}

declare module "*.browser.js" {
  const text: string;
  export default text;
}

// The two functions that charts take of it; its own types want a browser's.
declare module "d3-array" {
  export function ticks(start: number, stop: number, count: number): number[];
  export function nice(start: number, stop: number, count: number): [number, number];
}
