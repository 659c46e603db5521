// What is installed.

import { native } from "./native.js";

// Required and not read as a file: a bundler that takes all of this in takes that in, too.
const { version: ofPackage } = require("../../package.json") as { version: string };

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
