import type { Expression, Name } from "./ast.ts";
import { nestingLimit, tokenSpan, tooDeep } from "./brackets.ts";
import { type Diagnostic, hasErrors, report } from "./diagnostics/index.ts";
import type { Source } from "./source.ts";
import { StatementReader } from "./statement-reader.ts";
import * as t from "./tokens.ts";

/** `train.optimizer.lr = 1e-3`: a value for what a path leads to. */
export interface Assignment {
  readonly path: readonly Name[];
  readonly value: Expression;
}

/** Reads an assignment that is a whole text, such as an argument of the command line. */
export function parseAssignment(source: Source): {
  readonly assignment: Assignment | null;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { tokens } = t.lex(source.text);
  const deepest = tooDeep(tokens);
  if (deepest !== null) {
    const diagnostics = [report("nesting-too-deep", tokenSpan(source, deepest), { limit: nestingLimit })];
    return { assignment: null, diagnostics };
  }
  const reader = new AssignmentReader(source, []);
  const assignment = reader.assignment(tokens);
  return { assignment: hasErrors(reader.diagnostics) ? null : assignment, diagnostics: reader.diagnostics };
}

class AssignmentReader extends StatementReader {
  assignment(tokens: readonly t.Token[]): Assignment | null {
    return this.readTokens(tokens, (rules) => rules.assignment());
  }
}
