import type { Compiled, Plan, SpecChanges } from "../../compiler/index.ts";
import { type Diagnostic, hasErrors, renderDiagnostics } from "../../grammar/index.ts";
import { checkPath, compilePath } from "../specs/index.ts";

/** A spec that has mistakes, where only one without them will do. */
export class SpecError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(renderDiagnostics(diagnostics, { colour: false }));
    this.name = "SpecError";
    this.diagnostics = diagnostics;
  }
}

/** What is wrong with a spec file and with what it imports; empty when nothing is. A file that cannot be read is a diagnostic too. */
export function check(path: string): readonly Diagnostic[] {
  return checkPath(path);
}

/**
 * Compiles a spec file, with the changes that are given besides, such as `{ batch: 4, set: ["train.lr = 1e-3"] }`. Mistakes are
 * among the diagnostics.
 */
export function compile(path: string, changes: SpecChanges = {}): Compiled {
  return compilePath(path, changes);
}

/** The plan of a spec file: parameters, adapters, what is trained and what a step costs. Throws a SpecError for a spec with mistakes. */
export function plan(path: string, changes: SpecChanges = {}): Plan {
  const compiled = compile(path, changes);
  if (compiled.plan === null || hasErrors(compiled.diagnostics)) throw new SpecError(compiled.diagnostics);
  return compiled.plan;
}
