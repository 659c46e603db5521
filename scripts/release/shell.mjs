// Commands and folders of the release scripts.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = new URL("../../", import.meta.url);

/** Where the scripts leave what they make: ignored by git. */
export const out = (name = "") => fileURLToPath(new URL(`out/${name}`, root));

/** On Windows npm and npx are scripts, which a shell must start. */
const isScript = (command) => process.platform === "win32" && ["npm", "npx"].includes(command);

/** Runs a command in the repository, or in `cwd`, and shows it with what it prints. */
export function run(command, args, { cwd = root, env = {} } = {}) {
  console.log(`> ${command} ${args.join(" ")}`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: "inherit",
    shell: isScript(command),
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status ?? signal}`);
}

/** What a command prints. */
export function output(command, args, { cwd = root } = {}) {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    shell: isScript(command),
  }).trim();
}

/** True if the command is there and says so. */
export function present(command, args = ["--version"]) {
  return spawnSync(command, args, { stdio: "ignore", shell: isScript(command) }).status === 0;
}

/** The folder, new and empty. */
export function empty(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs `main` with the command line's arguments if the file is the program that was started. */
export async function program(url, main) {
  if (fileURLToPath(url) !== process.argv[1]) return;
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(`${fileURLToPath(url)}: ${error.message}`);
    process.exitCode = 1;
  }
}
