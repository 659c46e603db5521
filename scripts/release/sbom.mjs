// The software bill of materials: node scripts/release/sbom.mjs [NAME…]
// One CycloneDX document per package in out/sbom/: the crates inside each binary, and the npm packages
// inside the command line. Only what is shipped: a list of the tools that built it would hide that.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crates } from "./notices.mjs";
import { manifest, named } from "./platforms.mjs";
import { empty, out, program, root } from "./shell.mjs";

const text = (path) => readFileSync(new URL(path, root), "utf8");

/** Writes the documents and returns their paths. */
export function sbom(chosen) {
  const folder = empty(out("sbom"));
  const { name } = manifest;
  const sums = checksums();
  const documents = [
    ...chosen.map((platform) => [
      `${name}-${platform.name}`,
      crates(platform.target).map((crate) => ofCrate(crate, sums)),
    ]),
    [name, bundled()],
  ];
  return documents.map(([called, components]) => {
    const path = join(folder, `${called}.cdx.json`);
    writeFileSync(path, `${JSON.stringify(document(called, components), null, 2)}\n`);
    console.log(`${called}.cdx.json: ${components.length} components`);
    return path;
  });
}

/** No time and no serial number: the same sources give the same bytes. */
function document(called, components) {
  const { version, license } = manifest;
  const component = {
    ...{ type: "library", "bom-ref": `pkg:npm/${called}@${version}`, name: called, version },
    ...{ licenses: [{ license: { id: license } }], purl: `pkg:npm/${called}@${version}` },
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component },
    components,
  };
}

function ofCrate({ name, version, license }, sums) {
  const purl = `pkg:cargo/${name}@${version}`;
  const hashes = [{ alg: "SHA-256", content: sums.get(`${name} ${version}`) }];
  // Older crates write a slash where SPDX says OR.
  const licenses = [{ expression: license.replaceAll("/", " OR ") }];
  return { type: "library", "bom-ref": purl, name, version, hashes, licenses, purl };
}

/** Of every crate in the lock file: "name version" → SHA-256 of what the registry gave. */
function checksums() {
  const entry = /name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"/g;
  const found = text("Cargo.lock").matchAll(entry);
  return new Map([...found].map(([, name, version, sum]) => [`${name} ${version}`, sum]));
}

/** The npm packages in the command line, as its licences list them. */
function bundled() {
  const heads = text("dist/cli/LICENSES.txt").matchAll(/^(@?[\w./-]+) (\d\S*) \((.+)\)$/gm);
  return [...heads].map(([, name, version, license]) => {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    const licenses = [{ expression: license }];
    return { type: "library", "bom-ref": purl, name, version, licenses, purl };
  });
}

await program(import.meta.url, (names) => {
  sbom(named(names));
});
