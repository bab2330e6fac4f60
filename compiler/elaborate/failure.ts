import type { Diagnostic } from "../../grammar/index.ts";

/**
 * Leaves the trace of one member of a model: what follows a mistake in it would not be known. It is caught where that
 * member is elaborated, and its diagnostic is reported.
 */
export class Failure extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}
