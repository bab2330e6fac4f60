import type { Diagnostic } from "../../grammar/index.ts";

/**
 * Leaves what is being elaborated, because of a mistake. It is caught at the statement or member that it stands in, whose
 * names are then unknown.
 */
export class Failure extends Error {
  /** Null where an unknown value is used: the mistake that left it so is reported already. */
  readonly diagnostic: Diagnostic | null;
  /** Nothing after it can be elaborated: a limit is reached. */
  readonly isFinal: boolean;

  constructor(diagnostic: Diagnostic | null, isFinal = false) {
    super(diagnostic?.message ?? "an unknown value is used");
    this.diagnostic = diagnostic;
    this.isFinal = isFinal;
  }
}
