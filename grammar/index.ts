export { parseAssignment } from "./assignment.ts";
export type * from "./ast.ts";
export { calleeName } from "./callee.ts";
export {
  applyFixes,
  catalogue,
  countDiagnostics,
  type Diagnostic,
  type DiagnosticKey,
  type DiagnosticParams,
  diagnosticToJson,
  didYouMean,
  type Extra,
  type Fix,
  type Help,
  hasErrors,
  nearestText,
  printable,
  printableLines,
  renderDiagnostics,
  report,
  safeFixesOf,
} from "./diagnostics/index.ts";
export { quote } from "./format/expressions.ts";
export { formatFile, formatSource, printExpectation, printExpression, printPlacement } from "./format.ts";
export { type ParsedFile, parse } from "./parser.ts";
export { createSource, joinSpans, positionAt, rangeOf, type Source, type Span } from "./source.ts";
export { keywords, lex, type Token } from "./tokens.ts";
