import type { Diagnostic } from "../../grammar/index.ts";
import type { StopSignal } from "../machine/index.ts";
import type { Problem } from "../text/index.ts";

/** Hears what is worth knowing while something is done. The command line prints it; another program may keep it. */
export interface Reporter {
  /** What keeps something from being done, wholly or in part. */
  readonly problem: (problem: Problem) => void;
  readonly diagnostics: (diagnostics: readonly Diagnostic[]) => void;
  /** What its user may not expect and does not have to change. */
  readonly note: (text: string) => void;
  /** What its user probably wants to change. */
  readonly warning: (text: string) => void;
  /** What was found or decided. */
  readonly info: (text: string) => void;
  /** What is being done, said often: `step 3 of 10`. */
  readonly progress: (text: string) => void;
  /** Nothing is being done any more that takes long. */
  readonly progressEnd: () => void;
}

/** A reporter that reports each note once, however often it is found. */
export function notesOnce(reporter: Reporter): Reporter {
  const noted = new Set<string>();
  const note = (text: string): void => {
    if (!noted.has(text)) reporter.note(text);
    noted.add(text);
  };
  return { ...reporter, note };
}

/** Reports a remark as loudly as it is meant. */
export function reportRemark(
  { kind, text }: { readonly kind: "warning" | "note"; readonly text: string },
  reporter: Pick<Reporter, "warning" | "note">,
): void {
  reporter[kind](text);
}

/** How something ended that was asked for; why it was refused has been reported. */
export type Ended<Value> = { readonly kind: "done"; readonly value: Value } | Refused | Misused | Stopped;

/** A spec, a file or the machine does not allow it. */
export interface Refused {
  readonly kind: "refused";
}

/** It cannot be asked for in this way, whatever the files say. */
export interface Misused {
  readonly kind: "misused";
}

/** A signal asked for an end. */
export interface Stopped {
  readonly kind: "stopped";
  readonly signal: StopSignal;
}

export function done<Value>(value: Value): { readonly kind: "done"; readonly value: Value } {
  return { kind: "done", value };
}

export const refused: Refused = { kind: "refused" };

export const misused: Misused = { kind: "misused" };

/** A problem that concerns nothing but what was asked for. */
export function problem(message: string, help: string | null): Problem {
  return { subject: "", message, help };
}

/** Reports diagnostics and gives what a refusal ends with. */
export function refuseBy(diagnostics: readonly Diagnostic[], reporter: Pick<Reporter, "diagnostics">): Refused {
  reporter.diagnostics(diagnostics);
  return refused;
}

/** Reports a problem and gives what a refusal ends with. */
export function refuse(found: Problem, reporter: Pick<Reporter, "problem">): Refused {
  reporter.problem(found);
  return refused;
}
