import { EngineError, isOutOfMemory, lessMemory } from "../backends/engine-error.ts";
import { isSystemError, type StorageProblem, storageProblem } from "../files/index.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Says what is wrong, and what to do about it. */
export function fail(problem: string, help: string | null, terminal: Terminal): ExitCode {
  terminal.err(`error: ${problem}\n${help === null ? "" : `  help: ${help}\n`}`);
  return exitCodes.wrong;
}

/** Shows what the file system refused. */
export function failStorage({ path, reason, help }: StorageProblem, terminal: Terminal): ExitCode {
  // A name with a line break is one line all the same.
  const file = JSON.stringify(path).includes("\\n") ? JSON.stringify(path) : path;
  return fail(file === "" ? reason : `${file}: ${reason}`, help, terminal);
}

/** True for what the machine or a backend refused, and for nothing that is a mistake of this program. */
export function isRefusal(error: unknown): boolean {
  return isSystemError(error) || error instanceof EngineError || isOutOfMemory(error);
}

/**
 * Says what the system or a backend refused in the middle of something, a file, memory or a process; throws on what is a
 * mistake of this program. The path is for errors that name none.
 */
export function failSystem(error: unknown, path: string, terminal: Terminal): ExitCode {
  if (error instanceof EngineError) return fail(error.message, error.help, terminal);
  if (!isSystemError(error) && isOutOfMemory(error)) {
    return fail(`memory ran out: ${error.message.split("\n")[0] ?? ""}`, lessMemory, terminal);
  }
  return failStorage(storageProblem(path, error), terminal);
}
