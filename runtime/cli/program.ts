import { Command, CommanderError } from "@commander-js/extra-typings";
import { isRefusal, problemOf, version } from "../machine/index.ts";
import { commands, groups } from "./commands.ts";
import { printProblem } from "./print-problem.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

const summary = `A language and compiler for adapting vision-language models.

A .vlm file states the encoders of a model, where adapters sit, what is frozen, the loss, and what must be true.`;

/** Runs one command line, without the program's own name, and gives its exit code. */
export async function run(commandLine: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const end = (ended: ExitCode): void => {
    code = ended;
  };
  const program = new Command("medctc")
    .description(summary)
    .version(version)
    .showHelpAfterError("(run with --help for usage)")
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  const asked = firstWord(commandLine);
  const parents = new Map<string, Command>();
  for (const { words, summary: about, load, isHidden = false } of commands) {
    const [first, second] = words;
    if (!parents.has(first)) parents.set(first, program.command(first, { hidden: isHidden }));
    const parent = parents.get(first) ?? program;
    const isGroup = groups.has(first);
    if (isGroup) parent.description(groups.get(first) ?? "");
    const command = second === undefined ? parent : parent.command(second);
    command.description(about);
    if (first === asked) (await load()).define(command, terminal, end);
  }
  try {
    await program.parseAsync(commandLine, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (!isRefusal(error)) throw error;
    printProblem(problemOf(error, ""), terminal);
    return exitCodes.wrong;
  }
  return code;
}

/** The command that a line names, or asks the help of. */
function firstWord(commandLine: readonly string[]): string | undefined {
  const words = commandLine.filter((word) => !word.startsWith("-"));
  return words[0] === "help" ? words[1] : words[0];
}
