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

/** How TensorFlow, ONNX Runtime and Node.js say that memory was not to be had. */
const outOfMemory = /\bOOM\b|out of memory|bad_alloc|failed to allocate|allocation failed/i;

/** True for what the machine refused, a file, memory or a process, and for nothing that is a mistake of this program. */
export function isRefusal(error: unknown): boolean {
  return isSystemError(error) || (error instanceof Error && outOfMemory.test(error.message));
}

/**
 * Says what the system refused in the middle of something, a file, memory or a process; throws on what is a mistake of this
 * program. The path is for errors that name none.
 */
export function failSystem(error: unknown, path: string, terminal: Terminal): ExitCode {
  if (!isSystemError(error) && error instanceof Error && outOfMemory.test(error.message)) {
    const help = "use a smaller `batch` or `micro_batch`, or `checkpoint = layers`; what was saved stays";
    return fail(`memory ran out: ${error.message.split("\n")[0] ?? ""}`, help, terminal);
  }
  return failStorage(storageProblem(path, error), terminal);
}
