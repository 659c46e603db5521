// Tab completion: `stowage completion SHELL` prints a script for the shell, which asks the hidden verb
// `complete` at every press of the key. That knows verbs, options and values from the program itself.
//
// The scripts are our own. Of the libraries for it, @bomb.sh/tab 0.0.22 never completes names of files,
// which most of these arguments are, and needs the package bash-completion; @pnpm/tabtab 0.5.4 evaluates
// the words of the command line anew in fish, and completes files by the number of the word in bash.

import type { Argument, Command, Option } from "commander";
import { strategies } from "../index.js";
import bash from "./completion/stowage.bash";
import fish from "./completion/stowage.fish";
import zsh from "./completion/stowage.zsh";

const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };

const EXAMPLES = `
Examples:
  $ eval "$(stowage completion bash)"                                    in ~/.bashrc
  $ stowage completion zsh > ~/.zfunc/_stowage                           a folder of $fpath
  $ stowage completion fish > ~/.config/fish/completions/stowage.fish

The shell must find \`stowage\`: installed globally, or by a function of that name (\`npx stowage "$@"\`).`;

/** Adds `completion`, and what its scripts call. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("print a script for tab completion")
    .description(
      "Prints a script that completes verbs, options, their values and files in a shell.",
    )
    .addArgument(program.createArgument("<shell>", "which shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", EXAMPLES)
    .action((shell: string) => {
      process.stdout.write(SCRIPTS[shell] ?? "");
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]", "the words after `stowage`, up to the one that is being typed")
    .action((words: string[]) => {
      const lines = candidates(program, words).map((line) => `${line}\n`);
      process.stdout.write(lines.join(""));
    });
}

/** Said instead of candidates: the shell completes names of files, or of folders alone. */
const FILES = ":files";
const FOLDERS = ":folders";

/** Lines for the shell: a candidate each, a tab and what it is; or that names of files are meant. */
export function candidates(program: Command, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  let word = words.at(-1) ?? "";
  // bash takes --format=parquet apart into three words.
  let option = before.at(-1);
  if (word === "=") word = "";
  else if (option === "=") option = before.at(-2);
  const verb = verbOf(program, before);
  const options = [...(verb?.options ?? []), ...program.options].filter(({ hidden }) => !hidden);
  const [, assigned, beginning] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
  if (assigned !== undefined && beginning !== undefined) {
    const values = valuesOf(find(options, assigned), beginning);
    return values.map((value) => (value.startsWith(":") ? value : `${assigned}=${value}`));
  }
  const last = find(options, option);
  if (last !== undefined && takesValue(last) && !word.startsWith("-")) return valuesOf(last, word);
  if (word.startsWith("-")) return optionsOf(options, before, word);
  const verbs = program.commands.filter((command) => command.summary() !== "");
  if (verb === undefined || verb.name() === "help") return begun(verbs.map(described), word);
  if (verb.commands.length > 0) return begun(verb.commands.map(described), word);
  return positional(verb, options, before, word);
}

/** The verb among the words; of `job` that below it, once it is typed. */
function verbOf(program: Command, before: readonly string[]): Command | undefined {
  const verb = program.commands.find((command) => before.includes(command.name()));
  const after = before.slice(before.indexOf(verb?.name() ?? "") + 1);
  return verb?.commands.find((command) => after.includes(command.name())) ?? verb;
}

function find(options: readonly Option[], word: string | undefined): Option | undefined {
  return options.find(({ short, long }) => word !== undefined && (word === short || word === long));
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** The placeholders of values that are names of files, and of folders. */
const OF_FILES: ReadonlySet<string> = new Set(["path", "paths", "file", "input", "target"]);
const OF_FOLDERS: ReadonlySet<string> = new Set(["folder"]);

function valuesOf(option: Option | undefined, word: string): string[] {
  if (option === undefined) return [];
  if (["--strategy", "--packer"].includes(option.long ?? "") && option.argChoices === undefined)
    return namesOf(word);
  return values(/[<[](\w+)/.exec(option.flags)?.[1] ?? "", option.argChoices, word);
}

function values(name: string, choices: readonly string[] | undefined, word: string): string[] {
  if (choices !== undefined) return begun(choices, word);
  if (OF_FILES.has(name)) return [FILES];
  return OF_FOLDERS.has(name) ? [FOLDERS] : [];
}

/** Strategies; of a list the last is completed. */
function namesOf(word: string): string[] {
  const listed = /^.*,/.exec(word)?.[0] ?? "";
  return begun(
    strategies().map(({ name, summary }) => `${listed}${name}\t${summary}`),
    word,
  );
}

/** Options that aren't given yet; those with several values always. */
function optionsOf(options: readonly Option[], before: readonly string[], word: string): string[] {
  const free = options.filter(
    (option) => option.variadic || !before.some((each) => find([option], each) !== undefined),
  );
  const lines = free.map(({ long, short, description }) => `${long ?? short}\t${description}`);
  return begun([...lines, "--help\tdisplay help for command"], word);
}

function positional(
  verb: Command,
  options: readonly Option[],
  before: readonly string[],
  word: string,
): string[] {
  const words = before.slice(before.indexOf(verb.name()) + 1);
  const given = words.filter((each, at) => {
    const last = find(options, words[at - 1]);
    return !each.startsWith("-") && !(last !== undefined && takesValue(last));
  });
  const all: readonly Argument[] = verb.registeredArguments;
  const next = all[given.length] ?? all.filter(({ variadic }) => variadic).at(-1);
  // A list of files may go on after an option of several values, too.
  if (next === undefined) return options.some((option) => isOpen(option, words)) ? [FILES] : [];
  return values(next.name(), next.argChoices, word);
}

/** Whether the last option of `words` takes more values. */
function isOpen(option: Option, words: readonly string[]): boolean {
  const last = words.filter((word) => word.startsWith("-")).at(-1);
  return option.variadic && find([option], last) !== undefined;
}

function described(command: Command): string {
  return `${command.name()}\t${command.summary()}`;
}

function begun(lines: readonly string[], word: string): string[] {
  return lines.filter((line) => line.startsWith(word)).map((line) => line.replaceAll("\n", " "));
}
