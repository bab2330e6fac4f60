import { isSystemError, storageProblem } from "../files/index.ts";
import { type Problem, ProblemError } from "../text/index.ts";
import { isOutOfMemory, lessMemory } from "./out-of-memory.ts";

/** True for what the machine, a file or a backend refused, and for nothing that is a mistake of this program. */
export function isRefusal(error: unknown): boolean {
  return isSystemError(error) || error instanceof ProblemError || isOutOfMemory(error);
}

/**
 * What was refused in the middle of something: a file, memory or a process. Throws what is a mistake of this program. The path
 * is for errors that name none.
 */
export function problemOf(error: unknown, path: string): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (!isSystemError(error) && isOutOfMemory(error)) {
    return { subject: "", message: `memory ran out: ${error.message.split("\n", 1).join()}`, help: lessMemory };
  }
  return storageProblem(path, error);
}
