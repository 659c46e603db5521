// `npm run docs`: the site of the documentation, into out/site. Pages are docs/*.md and the README as they
// are; the reference comes from index.d.ts and its like by TypeDoc, the commands from their own --help, and
// a report of the bundled documents from the report itself. A link that leads nowhere fails the build.
//
// STOWAGE_CACHE names a folder where VitePress and TypeDoc are kept (default: a temporary one). Needs a
// built binary and dist/.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { groups } from "./pages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const read = (...path) => readFileSync(join(root, ...path), "utf8");
const manifest = JSON.parse(read("package.json"));
const repository = manifest.repository.url.replace(/^git\+|\.git$/g, "");
const cli = join(root, "dist", "cli", "main.js");
const stowage = (...args) =>
  execFileSync(process.execPath, [cli, ...args], { cwd: root, encoding: "utf8" });

const work = mkdtempSync(join(tmpdir(), "stowage-site-"));
try {
  const tools = installed(work);
  // Below the tools, so that their packages are found.
  const pages = join(tools, "pages");
  rmSync(pages, { recursive: true, force: true });
  mkdirSync(join(pages, ".vitepress"), { recursive: true });
  mkdirSync(join(pages, "public"));
  writePages(pages);
  writeCommands(pages);
  writeReference(tools, pages);
  const report = ["report", "examples/data/python-docs.jsonl", "--capacity", "2048", "--quiet"];
  stowage(
    ...report,
    "--title",
    "Python's documentation",
    "--output",
    join(pages, "public", "a-report.html"),
  );
  cpSync(join(here, "config.mjs"), join(pages, ".vitepress", "config.mjs"));
  writeFileSync(
    join(pages, ".vitepress", "site.json"),
    JSON.stringify({ sidebar: sidebar(pages), repository }),
  );
  const out = join(root, "out", "site");
  rmSync(out, { recursive: true, force: true });
  run(tools, "vitepress", "build", pages, "--outDir", out);
  console.log(
    `${out}: ${readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".html")).length} pages`,
  );
} finally {
  rmSync(work, { recursive: true });
}

/** The folder with VitePress and TypeDoc, made once per list of requirements. */
function installed(work) {
  const wanted = readFileSync(join(here, "requirements.json"), "utf8");
  const hash = createHash("sha256").update(wanted).digest("hex").slice(0, 12);
  const tools = join(resolve(process.env.STOWAGE_CACHE ?? work), `site-${hash}`);
  if (existsSync(join(tools, "complete"))) return tools;
  mkdirSync(tools, { recursive: true });
  const dependencies = JSON.parse(wanted);
  writeFileSync(
    join(tools, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent"], {
    cwd: tools,
    stdio: "inherit",
  });
  writeFileSync(join(tools, "complete"), "");
  return tools;
}

function run(tools, name, ...args) {
  execFileSync(join(tools, "node_modules", ".bin", name), args, { cwd: tools, stdio: "inherit" });
}

/** The guides, the README as the first page, and the changelog. */
function writePages(pages) {
  const known = Object.values(groups).flat();
  const there = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const lost = there.filter((name) => !known.includes(name.slice(0, -3)));
  if (lost.length > 0)
    throw new Error(`scripts/site/pages.mjs names no place for ${lost.join(", ")}`);
  for (const name of there) writeFileSync(join(pages, name), moved(read("docs", name), "docs"));
  writeFileSync(join(pages, "index.md"), moved(read("README.md"), ""));
  writeFileSync(join(pages, "changelog.md"), moved(read("CHANGELOG.md"), ""));
  for (const name of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".png")))
    cpSync(join(root, "docs", name), join(pages, name));
}

/** The text of a page of `folder` with its links as they are on the site: what isn't there is in the repository. */
function moved(text, folder) {
  return text.replace(/(\]\()([^)\s]+)(\))/g, (whole, before, link, behind) => {
    if (/^(https?:|#)/.test(link)) return whole;
    const [path, anchor] = link.split("#");
    const target = posix.normalize(posix.join(folder, path));
    if (!existsSync(join(root, target))) throw new Error(`${folder}: ${link} leads nowhere`);
    const own = {
      "README.md": "index.md",
      "CHANGELOG.md": "changelog.md",
      "index.d.ts": "reference/index.md",
    };
    const page = own[target] ?? /^docs\/([^/]+)$/.exec(target)?.[1];
    const found = page === undefined ? `${repository}/blob/main/${target}` : `./${page}`;
    return before + found + (anchor === undefined ? "" : `#${anchor}`) + behind;
  });
}

/** What each verb says of itself. */
function writeCommands(pages) {
  const verbs = [...stowage("--help").matchAll(/^ {2}([a-z][a-z-]*)(?: .*)?$/gm)].map(
    ([, verb]) => verb,
  );
  const all = ["", ...new Set(verbs.filter((verb) => verb !== "help"))];
  const sections = all.map((verb) => {
    const help = stowage(...(verb === "" ? ["--help"] : [verb, "--help"])).trimEnd();
    return `## stowage ${verb}\n\n\`\`\`text\n${help}\n\`\`\`\n`;
  });
  writeFileSync(join(pages, "commands.md"), `# Commands\n\n${sections.join("\n")}`);
}

/** One page for each public name, from the declarations that are published. */
function writeReference(tools, pages) {
  const entries = Object.values(manifest.exports).flatMap((entry) => entry.types ?? []);
  const folder = join(tools, "declarations");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const files = entries.map((entry) => {
    const name = entry.replace("./index.d.ts", "./stowage.d.ts").replace("./", "");
    writeFileSync(join(folder, name), read(entry));
    return join(folder, name);
  });
  const compilerOptions = {
    ...{ module: "nodenext", target: "es2022", strict: true },
    skipLibCheck: true,
  };
  // The root imports itself where the report takes its types from it.
  compilerOptions.paths = { stowage: [join(folder, "stowage.d.ts")] };
  compilerOptions.types = [];
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  run(
    ...[tools, "typedoc", ...files.flatMap((file) => ["--entryPoints", file])],
    ...["--tsconfig", join(folder, "tsconfig.json"), "--plugin", "typedoc-plugin-markdown"],
    ...["--out", join(pages, "reference"), "--readme", "none", "--name", "Reference"],
    ...["--hidePageHeader", "true", "--hideBreadcrumbs", "true", "--entryFileName", "index"],
    ...["--disableSources", "--skipErrorChecking", "--logLevel", "Warn"],
  );
}

/** The pages in their groups, by their own headings. */
function sidebar(pages) {
  const page = (name) => ({
    text: /^# (.*)$/m.exec(readFileSync(join(pages, `${name}.md`), "utf8"))?.[1] ?? name,
    link: `/${name}`,
  });
  const guides = Object.entries(groups).map(([text, names]) => ({ text, items: names.map(page) }));
  const reference = [
    { text: "Names of the library", link: "/reference/" },
    page("commands"),
    page("changelog"),
  ];
  return [...guides, { text: "Reference", items: reference }];
}
