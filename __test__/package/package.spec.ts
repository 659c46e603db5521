// What is published: types that match the code, platform packages that match the root.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { version } from "../../index.js";

const root = join(import.meta.dirname, "../..");
const json = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(root, ...path), "utf8")) as Record<string, unknown>;

test("index.d.ts is what ts/ declares", (t) => {
  const run = spawnSync(process.execPath, ["scripts/types.mjs", "--check"], {
    cwd: root,
    encoding: "utf8",
  });
  t.is(run.status, 0, run.stderr);
});

test("platform packages have the root's version, engines and licence", (t) => {
  const { name, version, engines, license } = json("package.json");
  for (const folder of readdirSync(join(root, "npm"))) {
    const platform = json("npm", folder, "package.json");
    t.like(platform, { name: `${String(name)}-${folder}`, version, engines, license }, folder);
  }
});

test("there is no run-time dependency and no install script", (t) => {
  const { dependencies, scripts } = json("package.json");
  t.is(dependencies, undefined);
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    t.false(name in (scripts as object), name);
});

test("package and binary have one version", (t) => {
  t.is(version.package as unknown, json("package.json").version);
  t.is(version.native, version.package);
  t.true(version.threads >= 1 && version.threads <= 8);
  t.regex(version.target, /-/);
});

test("the lock file names no registry host", (t) => {
  const packages = json("package-lock.json").packages as Record<string, object>;
  t.true(Object.keys(packages).length > 100);
  t.deepEqual(
    Object.entries(packages).filter(([, entry]) => "resolved" in entry),
    [],
  );
});

test("the lock file has the binaries of every platform, so that no install has any to add", (t) => {
  const packages = json("package-lock.json").packages as Record<
    string,
    { optionalDependencies?: Record<string, string> }
  >;
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      t.true(
        places.some((place) => place in packages),
        `${name}, which ${path} may need`,
      );
    }
  }
});
