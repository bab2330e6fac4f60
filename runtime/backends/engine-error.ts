/** How backends and Node.js say that memory was not to be had. */
const outOfMemory = /\bOOM\b|out of memory|bad_alloc|failed to allocate|allocation failed/i;

/** True for an error that says that memory was not to be had. */
export function isOutOfMemory(error: unknown): error is Error {
  return error instanceof Error && outOfMemory.test(error.message);
}

export const lessMemory =
  'use a smaller `batch` or `micro_batch`, `recompute = layers`, or `precision = "bf16"`; what was saved stays';

/** What an engine was doing: opening a model, taking its weights, computing what follows from them, or running a program. */
export type EnginePhase = "load the model" | "load the weights" | "compute constants" | `run ${string}`;

/** What a backend refused to do, in its own words, with what may help. */
export class EngineError extends Error {
  readonly help: string;

  constructor(title: string, phase: EnginePhase, cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause);
    super(`${title} failed to ${phase}: ${words.split("\n")[0] ?? ""}`, { cause });
    this.help = outOfMemory.test(words)
      ? `memory ran out: ${lessMemory}`
      : "run `medctc doctor`, or try another --backend; if that one works, this is a bug in medctc: report it with this message";
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
