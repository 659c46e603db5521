// What is bundled: what is public, and what the desk takes of the report besides.

export { reportOf } from "./gather.js";
export { beginning, kindOfJson } from "./kind.js";
export { labelOf } from "./label.js";
export { checked } from "./options.js";
export { digest, PAGE, PATTERN, sections } from "./page.js";
export * from "./report.js";
export { opened } from "./source.js";
