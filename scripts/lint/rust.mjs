// What a file of Rust says of others, read from its text: modules declared, `use` lines taken apart,
// and paths in the code. No parser: enough for code that rustfmt has laid out and rustc accepts.

/**
 * @param {string} source
 * @returns {{
 *   declared: string[],
 *   uses: { name: string, path: string[], shown: boolean }[],
 *   paths: string[][],
 *   says: (name: string) => boolean,
 * }} `mod name;`; each name that a `use` brings (`*` for all) with its path, `shown` if it is
 * passed on; paths with `::` outside of `use`; whether the code says a name outside of `use`
 */
export function outline(source) {
  const code = withoutTests(blank(source));
  const declared = [];
  const uses = [];
  const rest = code
    .replace(/(?<![\w:])(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(\w+)\s*;/g, (_, name) => {
      declared.push(name);
      return ";";
    })
    .replace(/(?<![\w:])(pub(?:\s*\([^)]*\))?\s+)?use\s+([^;]+);/g, (_, shown, tree) => {
      for (const { name, path } of branches(tree)) uses.push({ name, path, shown: !!shown });
      return ";";
    });
  const paths = [...rest.matchAll(/(?<![\w:>$])(?:::)?[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+/g)].map(
    ([path]) => path.split("::").flatMap((part) => part.trim() || []),
  );
  const words = new Set(rest.match(/\w+/g));
  return { declared, uses, paths, says: (name) => words.has(name) };
}

/** The same text with comments, strings and characters as spaces: what is left is code. */
function blank(source) {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\b(?:br|cr|r)(#*)"[\s\S]*?"\1|\b[bc]?"(?:\\[\s\S]|[^"\\])*"|"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\[^\n]+?|[^'\\\n])'/g;
  return source.replace(pattern, (text) => text.replace(/[^\n]/g, " "));
}

/** The code without `#[cfg(test)] mod … { … }` and `#[cfg(test)] use …;` and the like. */
function withoutTests(code) {
  let left = code;
  for (;;) {
    const found = /#\[cfg\(test\)\]/.exec(left);
    if (found === null) return left;
    const from = found.index;
    let end = from + found[0].length;
    for (let depth = 0; end < left.length; end++) {
      const letter = left[end];
      if ("([{".includes(letter)) depth++;
      else if (")]}".includes(letter)) depth--;
      if (depth === 0 && (letter === ";" || letter === "}")) break;
    }
    left = left.slice(0, from) + left.slice(end + 1);
  }
}

/** `a::{b, c::D as E, f::*}` as single names with their paths. */
function branches(tree, before = []) {
  const text = tree.trim().replace(/^::/, "");
  const open = text.indexOf("{");
  if (open < 0) {
    const [path, alias] = text.split(/\s+as\s+/);
    const parts = [...before, ...path.split("::").map((part) => part.trim())].filter(Boolean);
    // `a::{self}` is `a`.
    if (parts.length > 1 && parts.at(-1) === "self") parts.pop();
    return parts.length === 0 ? [] : [{ name: alias?.trim() ?? parts.at(-1), path: parts }];
  }
  const stem = text
    .slice(0, open)
    .split("::")
    .flatMap((part) => part.trim() || []);
  return split(text.slice(open + 1, text.lastIndexOf("}"))).flatMap((each) =>
    branches(each, [...before, ...stem]),
  );
}

/** Parts between the commas of the outermost level. */
function split(list) {
  const parts = [""];
  let depth = 0;
  for (const letter of list) {
    if (letter === "{") depth++;
    if (letter === "}") depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.filter((part) => part.trim() !== "");
}
