// Who names whom in Rust: no file of a crate reaches itself through others, and crates see each
// other one way, src → crates/dataset → crates/text and crates/engine. `node scripts/lint/modules.mjs [folder]` reads
// the house in that folder; default: this one.
//
// Read from the text: `use` lines, and paths in the code. A name that a module passes on (`pub use`)
// counts as the file's that has it. Declaring a module, and passing on what stands below without
// using it, are no arrows: that is how a folder shows what it has. But a mod.rs with code of its own
// is a file like any other. Unit tests (`#[cfg(test)]`) don't count. Paths that a macro makes aren't
// seen.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { outline } from "./rust.mjs";

/** Each crate by its folder, and what its code may not name, with the reason. */
const crates = {
  "crates/engine/src": [
    [/^(stowage_dataset|stowage_text|stowage)$/, "the engine is the lowest room"],
    [/^napi/, "the engine doesn't know its host"],
    [/^std::(fs|net|process|thread)$/, "the engine has no files and no threads of its own"],
  ],
  "crates/text/src": [
    [/^(stowage_dataset|stowage_engine|stowage)$/, "text knows nothing of packing"],
    [/^napi/, "crates/text doesn't know its host"],
    [/^(rayon|std::(net|process|thread))$/, "crates/text has no threads of its own"],
  ],
  "crates/dataset/src": [
    [/^stowage$/, "crates/dataset stands below src"],
    [/^napi/, "crates/dataset doesn't know its host"],
  ],
  src: [],
};

/** Every module of a crate: its path as a list, its file, and what the file says. */
function modulesOf(folder) {
  const modules = new Map();
  const read = (file, path, below) => {
    const module = { file, path, ...outline(readFileSync(file, "utf8")) };
    modules.set(path.join("::"), module);
    for (const name of module.declared) {
      const places = [join(below, `${name}.rs`), join(below, name, "mod.rs")];
      const found = places.find((place) => existsSync(place));
      if (found === undefined) throw new Error(`${file}: \`mod ${name};\` has no file`);
      read(found, [...path, name], join(below, name));
    }
  };
  read(join(folder, "lib.rs"), [], folder);
  return modules;
}

/** The module that has what a path names, seen from `from`; undefined for another crate's. */
function owner(modules, from, path, seen = new Set()) {
  let at = from;
  let rest = path;
  const [first] = path;
  if (first === "crate") [at, rest] = [modules.get(""), rest.slice(1)];
  else if (first !== "self" && first !== "super" && !begins(modules, from, first)) return undefined;
  for (const [k, name] of rest.entries()) {
    if (name === "self") continue;
    if (name === "super") {
      at = modules.get(at.path.slice(0, -1).join("::"));
      continue;
    }
    const child = modules.get([...at.path, name].join("::"));
    if (child !== undefined) {
      at = child;
      continue;
    }
    const passed = at.uses.find((use) => use.name === name);
    const key = `${at.file} ${name}`;
    if (passed === undefined || seen.has(key)) return at;
    const next = [...passed.path, ...rest.slice(k + 1)];
    return owner(modules, at, next, new Set([...seen, key])) ?? at;
  }
  return at;
}

/** True if `name` alone can begin a path in `from`: a module below it or one that it uses. */
function begins(modules, from, name) {
  return (
    modules.has([...from.path, name].join("::")) ||
    from.uses.some((use) => use.name === name && use.path[0] !== name)
  );
}

/** Arrows between files: from file to file, with the names that make them. */
function arrowsOf(modules) {
  const arrows = new Map();
  for (const module of modules.values()) {
    const targets = new Map();
    const add = (path) => {
      const to = owner(modules, module, path);
      if (to === undefined || to === module) return;
      targets.set(to.file, [...(targets.get(to.file) ?? []), path.at(-1)]);
    };
    for (const { name, path, shown } of module.uses) {
      const to = owner(modules, module, path);
      const below = to !== undefined && module.path.every((part, k) => to.path[k] === part);
      if (!(shown && below) || module.says(name)) add(path);
    }
    for (const path of module.paths) add(path);
    arrows.set(module.file, targets);
  }
  return arrows;
}

/** Sets of files that reach each other (Tarjan 1972), the larger than one. */
function circlesOf(arrows) {
  const order = new Map();
  const low = new Map();
  const stack = [];
  const circles = [];
  const visit = (file) => {
    order.set(file, order.size);
    low.set(file, order.get(file));
    stack.push(file);
    for (const to of arrows.get(file).keys()) {
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file), low.get(to)));
    }
    if (low.get(file) !== order.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const file of arrows.keys()) if (!order.has(file)) visit(file);
  return circles;
}

process.chdir(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../.."));
let faults = 0;
let total = 0;
for (const [folder, refused] of Object.entries(crates)) {
  const modules = modulesOf(folder);
  const arrows = arrowsOf(modules);
  total += modules.size;
  const short = (file) => relative(folder, file);
  for (const circle of circlesOf(arrows)) {
    faults++;
    console.error(`${folder}: ${circle.length} files reach each other in a circle`);
    for (const file of circle) {
      const inside = [...arrows.get(file)].filter(([to]) => circle.includes(to));
      for (const [to, names] of inside)
        console.error(`  ${short(file)} → ${short(to)}: ${[...new Set(names)].join(", ")}`);
    }
  }
  for (const { file, uses, paths } of modules.values()) {
    const named = [...uses.map((use) => use.path), ...paths];
    for (const [pattern, reason] of refused) {
      const path = named.find((p) => pattern.test(p[0]) || pattern.test(p.slice(0, 2).join("::")));
      if (path === undefined) continue;
      faults++;
      console.error(`${file} names ${path.join("::")}: ${reason}`);
    }
  }
}
if (faults > 0) process.exit(1);
console.log(`no circle and no arrow the wrong way among ${total} files of Rust`);
