// From the names that a page gives to paths: only what lies in the folder, or was handed over, is reached.

import { lstat, opendir, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep, win32 } from "node:path";
import { StowageError } from "stowage";
import { DeskError } from "./errors.js";

/** What handed-over files are called: this and their name. */
export const HANDED = "drop:";
/** What makes a folder one that stowage wrote. */
export const MANIFEST = "_stowage.json";

/** Names within one folder, and of files that were handed over. */
export class Places {
  /** The folder, links followed. */
  readonly folder: string;
  readonly #handed = new Map<string, string>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Places in `folder`. */
  static async of(folder: string): Promise<Places> {
    const real = await realpath(folder).catch((cause: Error) => {
      throw new StowageError("ERR_IO", `cannot open ${folder}: ${cause.message}`, {
        path: folder,
        cause,
      });
    });
    if ((await stat(real)).isDirectory()) return new Places(real);
    throw new StowageError("ERR_IO", `${folder} is no folder`, { path: folder });
  }

  /** Takes a file or folder in that the user has handed over, wherever it lies; returns its name here. */
  async admit(path: string): Promise<string> {
    const real = await existing(path, path);
    const wanted = `${HANDED}${basename(real)}`;
    for (let k = 1; ; k++) {
      const name = k === 1 ? wanted : `${wanted} (${k})`;
      const there = this.#handed.get(name);
      if (there !== undefined && there !== real) continue;
      this.#handed.set(name, real);
      return name;
    }
  }

  /** What was handed over, by name. */
  get handed(): ReadonlyMap<string, string> {
    return this.#handed;
  }

  /** What a file in the folder is called here. */
  nameOf(path: string): string {
    const name = relative(this.folder, path).split(sep).join("/");
    return name.startsWith(HANDED) ? `./${name}` : name;
  }

  /**
   * The path of what is there under `name`.
   *
   * @throws {DeskError} rejects with `ERR_OUTSIDE`
   * @throws {StowageError} rejects with `ERR_IO` if there is nothing
   */
  async source(name: unknown): Promise<string> {
    const given = this.#checked(name);
    const handed = this.#handed.get(given);
    const root = handed ?? this.folder;
    if (handed === undefined && given.startsWith(HANDED))
      throw new StowageError("ERR_IO", `there is no ${given}`, { path: given });
    const real = await existing(handed ?? join(this.folder, given), given);
    this.#refuseOutside(real, root, given);
    if ((await stat(real)).isDirectory()) await this.#refuseLinks(real, root, given);
    return real;
  }

  /**
   * The path of an output: a new name, or a folder that stowage wrote.
   *
   * @throws {DeskError} rejects with `ERR_OUTSIDE`
   * @throws {StowageError} rejects with `ERR_OUTPUT_EXISTS` for anything else that is there
   */
  async output(name: unknown): Promise<string> {
    const given = this.#checked(name);
    if (given.startsWith(HANDED)) throw outside(given, this.folder);
    const path = join(this.folder, given);
    const parent = await existing(dirname(path), dirname(given));
    this.#refuseOutside(parent, this.folder, given);
    const whole = join(parent, basename(path));
    if (whole === this.folder || path === this.folder) throw outside(given, this.folder);
    const there = await lstat(whole).catch(() => undefined);
    if (there === undefined) return whole;
    this.#refuseOutside(await existing(whole, given), this.folder, given);
    const own = await lstat(join(whole, MANIFEST)).catch(() => undefined);
    if (there.isDirectory() && own?.isFile()) return whole;
    const message = `${given} exists already and is no folder that stowage wrote; choose another name`;
    throw new StowageError("ERR_OUTPUT_EXISTS", message, { path: given });
  }

  #checked(name: unknown): string {
    if (typeof name !== "string" || name === "" || name.includes("\0"))
      throw new StowageError("ERR_OPTION", `a name is expected, got ${JSON.stringify(name)}`);
    const parts = name.split(/[/\\]/);
    if (isAbsolute(name) || win32.isAbsolute(name) || parts.includes(".."))
      throw outside(name, this.folder);
    return name;
  }

  #refuseOutside(real: string, root: string, name: string): void {
    const inside = real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
    if (!inside) throw outside(name, this.folder);
  }

  /** Links in a folder that is read as a whole may not lead out of it either. */
  async #refuseLinks(folder: string, root: string, name: string): Promise<void> {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (!entry.isSymbolicLink()) continue;
      // Node 20.12 has `parentPath` where older ones have `path`.
      const path = join(entry.parentPath ?? entry.path, entry.name);
      const real = await realpath(path).catch(() => undefined);
      if (real !== undefined) this.#refuseOutside(real, root, `${name}/${relative(folder, path)}`);
    }
  }
}

function outside(name: string, folder: string): DeskError {
  return new DeskError("ERR_OUTSIDE", `${name} lies outside ${folder}`);
}

async function existing(path: string, name: string): Promise<string> {
  return realpath(path).catch((cause: Error) => {
    throw new StowageError("ERR_IO", `cannot open ${name}: ${cause.message}`, {
      path: name,
      cause,
    });
  });
}
