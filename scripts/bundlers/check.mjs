// `npm run test:bundlers`: every section of docs/bundlers.md as it stands there. Blocks that begin with the
// name of a file are written, lines of `sh` are run, and what is built must say "4 packs"; what needs no
// node_modules is run where there is none. The tools are installed from npm into a folder outside the
// repository, stowage from its tarballs. Needs a built binary and dist/.
//
// STOWAGE_CACHE names a folder where the tools are kept (default: a temporary one). Arguments choose
// sections: `npm run test:bundlers -- webpack`.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTarballs } from "../runtimes/tarballs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const page = readFileSync(join(here, "../../docs/bundlers.md"), "utf8");
const wanted = readFileSync(join(here, "requirements.json"), "utf8");

const work = mkdtempSync(join(tmpdir(), "stowage-bundlers-"));
const hash = createHash("sha256").update(wanted).digest("hex").slice(0, 12);
const tools = join(resolve(process.env.STOWAGE_CACHE ?? work), `bundlers-${hash}`);
const bin = join(tools, "node_modules", ".bin");
const env = {
  ...process.env,
  PATH: [bin, process.env.PATH].join(delimiter),
  ELECTRON_SKIP_BINARY_DOWNLOAD: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  YARN_ENABLE_TELEMETRY: "0",
  // Yarn would refuse to write the lock file that it is here to make.
  YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
  CI: "1",
};

/** Sections with their blocks: language and text. */
const sections = page.split(/^## /m).map((section, at) => ({
  name: at === 0 ? "" : section.split("\n", 1)[0],
  blocks: [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, text]) => ({
    language,
    text,
  })),
}));

const named = (block) => /^(?:\/\/|#) (\S+\.\w+)\n/.exec(block.text)?.[1];

function write(folder, blocks) {
  for (const block of blocks) {
    const name = named(block);
    if (name === undefined) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    // JSON has no comments: there the name isn't part of the file.
    const text = block.language === "json" ? block.text.replace(/^.*\n/, "") : block.text;
    writeFileSync(join(folder, name), text);
  }
}

/** Runs a line of a shell; its output, or an error with all that was said. */
function shell(line, cwd) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", line], {
    ...{ cwd, env, encoding: "utf8", timeout: 600_000 },
  });
  if (status === 0) return stdout;
  throw new Error(
    `\`${line}\` ended with ${status}:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`,
  );
}

function install() {
  if (existsSync(join(tools, "complete"))) return;
  mkdirSync(tools, { recursive: true });
  writeFileSync(
    join(tools, "package.json"),
    JSON.stringify({ private: true, dependencies: JSON.parse(wanted) }),
  );
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund"], {
    cwd: tools,
    env,
    stdio: "inherit",
  });
  writeFileSync(join(tools, "complete"), "");
}

/** A free port of this host. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts the server that `next build` made, and asks its route. */
async function served(cwd) {
  const port = await freePort();
  const server = spawn(join(bin, "next"), ["start", "--port", String(port)], { cwd, env });
  try {
    for (let tries = 0; tries < 600; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/packs`).catch(() => undefined);
      if (answer !== undefined) return await answer.text();
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error("`next start` doesn't answer");
  } finally {
    server.kill();
  }
}

/** A project of pnpm or Yarn with stowage from its tarballs, in place of `add stowage`. */
function withTarballs(name, [root, binary]) {
  const cwd = join(work, name);
  mkdirSync(cwd);
  const platform = /^stowage-(.*)-\d+\.\d+\.\d+.*\.tgz$/.exec(basename(binary))[1];
  const override = { [`stowage-${platform}`]: `file:${binary}` };
  const manifest = { private: true, type: "module", dependencies: { stowage: `file:${root}` } };
  if (name === "pnpm") {
    writeFileSync(
      join(cwd, "pnpm-workspace.yaml"),
      `overrides:\n  stowage-${platform}: file:${binary}\n`,
    );
  } else {
    writeFileSync(join(cwd, ".yarnrc.yml"), "nodeLinker: pnp\n");
    writeFileSync(join(cwd, "yarn.lock"), "");
    manifest.resolutions = override;
  }
  writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
  write(cwd, sections[0].blocks);
  shell(`${name} install`, cwd);
  return cwd;
}

/** What is built by these sections needs no node_modules; it is copied away and run once more. */
const alone = {
  esbuild: "dist/inlined",
  "bun build --compile": "dist/compiled",
  "A single executable of Node": "dist/single",
};

async function check({ name, blocks }, project, tarballs) {
  const installer = { pnpm: "pnpm", "Yarn with Plug'n'Play": "yarn" }[name];
  const cwd = installer === undefined ? project : withTarballs(installer, tarballs);
  write(cwd, blocks);
  let said = "";
  for (const { text } of blocks.filter(({ language }) => language === "sh")) {
    for (const line of text.trim().split("\n")) {
      said = line === "npx next start" ? await served(cwd) : shell(line, cwd);
    }
    if (!said.endsWith("4 packs") && !said.endsWith("4 packs\n"))
      throw new Error(`it says ${said}`);
  }
  if (!(name in alone)) return;
  const away = join(work, "away", name);
  cpSync(join(cwd, alone[name]), away, { recursive: true });
  said = shell(name === "esbuild" ? "node main.js" : "./app", away);
  if (said !== "4 packs\n") throw new Error(`without node_modules it says ${said}`);
}

const failures = [];
try {
  const chosen = process.argv.slice(2).map((each) => each.toLowerCase());
  install();
  const tarballs = makeTarballs(work);
  // A folder of its own, with the tools linked into it, would be another one for Next.js and Vite.
  const project = tools;
  for (const folder of ["src", "app", "dist", "out", ".next"])
    rmSync(join(project, folder), { recursive: true, force: true });
  shell(
    `npm install --silent --no-audit --ignore-scripts --offline ${tarballs.join(" ")}`,
    project,
  );
  write(project, sections[0].blocks);
  mkdirSync(join(project, "app"), { recursive: true });
  writeFileSync(join(project, "app", "layout.js"), "export default ({ children }) => children;\n");
  for (const section of sections.slice(1)) {
    if (chosen.length > 0 && !chosen.some((each) => section.name.toLowerCase().includes(each)))
      continue;
    const started = Date.now();
    const fault = await check(section, project, tarballs).then(
      () => undefined,
      (error) => error.message,
    );
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(
      `${section.name}: ${fault === undefined ? "ok" : `FAILED: ${fault}`}, ${seconds} s`,
    );
    if (fault !== undefined) failures.push(section.name);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.error(`bundlers: FAILED: ${failures.join(", ")}`);
  process.exit(1);
}
