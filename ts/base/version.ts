// What is installed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { native } from "./native.js";

const { version: ofPackage } = JSON.parse(
  readFileSync(join(__dirname, "..", "..", "package.json"), "utf8"),
) as { version: string };

/**
 * Version of the package and of the native binary, the platform triple that the binary was built
 * for, and the number of threads that jobs share.
 *
 * @example
 * version.package === version.native; // => true
 */
export const version: {
  readonly package: string;
  readonly native: string;
  readonly target: string;
  readonly threads: number;
} = Object.freeze({
  package: ofPackage,
  native: native.build().version,
  target: native.build().target,
  threads: native.poolThreads(),
});
