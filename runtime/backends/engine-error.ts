import { isOutOfMemory, lessMemory } from "../machine/index.ts";
import { ProblemError } from "../text/index.ts";

/** What an engine was doing: opening a model, taking its weights, computing what follows from them, or running a program. */
export type EnginePhase =
  | "start its processes"
  | "load the model"
  | "load the weights"
  | "compute constants"
  | `run ${string}`;

/** What went wrong in a process that a backend had started, with what it wrote of that. */
export class ProcessError extends Error {
  readonly written: readonly string[];

  constructor(message: string, written: readonly string[]) {
    super(message);
    this.written = written;
  }
}

/** What a backend refused to do, in its own words, with what may help. */
export class EngineError extends ProblemError {
  constructor(title: string, phase: EnginePhase, cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const help = isOutOfMemory(cause)
      ? `memory ran out: ${lessMemory}`
      : "run `medctc doctor`, or try another --backend; if that one works, this is a bug in medctc: report it with this message";
    const written = cause instanceof ProcessError ? cause.written.map((line) => `\n  | ${line}`) : [];
    const message = `${title} failed to ${phase}: ${words.split("\n", 1).join()}${written.join("")}`;
    super({ subject: "", message, help }, cause);
  }
}

/** Does something of a phase; what a backend throws becomes an `EngineError`. */
export async function inPhase<Result>(
  title: string,
  phase: EnginePhase,
  act: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    // What the file system refused has a code, and is not the backend's doing.
    if (error instanceof EngineError || (error instanceof Error && "code" in error)) throw error;
    throw new EngineError(title, phase, error);
  }
}
