/** What a user, a file or the machine did wrong. */
export interface Problem {
  /** What it is about, as its user knows it: a file with or without a place in it, an option. Empty where the message says all. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it, where that is known. */
  readonly help: string | null;
}

/** What came of something that can go wrong for such a reason. */
export type Result<Value, Wrong = Problem> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "failed"; readonly problem: Wrong };

export function ok<Value>(value: Value): { readonly kind: "ok"; readonly value: Value } {
  return { kind: "ok", value };
}

export function failed<Wrong>(problem: Wrong): { readonly kind: "failed"; readonly problem: Wrong } {
  return { kind: "failed", problem };
}

/** A problem that is thrown, where nothing between who finds it and who tells it can do anything about it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(sentence(problem), cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.problem = problem;
  }
}

/** One line: what it is about, and what is wrong. */
export function sentence({ subject, message }: Problem): string {
  return subject === "" ? message : `${subject}: ${message}`;
}
