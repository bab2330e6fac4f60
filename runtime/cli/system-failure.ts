import { isSystemError, type StorageProblem, storageProblem } from "../files/index.ts";
import { isOutOfMemory, lessMemory } from "../machine/index.ts";
import { ProblemError } from "../text/index.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Says what is wrong, and what to do about it. */
export function fail(problem: string, help: string | null, terminal: Terminal): ExitCode {
  terminal.err(`error: ${problem}\n${help === null ? "" : `  help: ${help}\n`}`);
  return exitCodes.wrong;
}

/** Shows what the file system refused. */
export function failStorage({ subject, message, help }: StorageProblem, terminal: Terminal): ExitCode {
  // A name with a line break is one line all the same.
  const file = JSON.stringify(subject).includes("\\n") ? JSON.stringify(subject) : subject;
  return fail(file === "" ? message : `${file}: ${message}`, help, terminal);
}

/** True for what the machine or a backend refused, and for nothing that is a mistake of this program. */
export function isRefusal(error: unknown): boolean {
  return isSystemError(error) || error instanceof ProblemError || isOutOfMemory(error);
}

/**
 * Says what the system or a backend refused in the middle of something, a file, memory or a process; throws on what is a
 * mistake of this program. The path is for errors that name none.
 */
export function failSystem(error: unknown, path: string, terminal: Terminal): ExitCode {
  if (error instanceof ProblemError) return fail(error.message, error.help, terminal);
  if (!isSystemError(error) && isOutOfMemory(error)) {
    return fail(`memory ran out: ${error.message.split("\n")[0] ?? ""}`, lessMemory, terminal);
  }
  return failStorage(storageProblem(path, error), terminal);
}
