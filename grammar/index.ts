export { parseAssignment } from "./assignment.ts";
export type * from "./ast.ts";
export { calleeName } from "./callee.ts";
export {
  catalogue,
  countDiagnostics,
  type Diagnostic,
  type DiagnosticKey,
  type DiagnosticParams,
  diagnosticToJson,
  didYouMean,
  type Extra,
  hasErrors,
  printable,
  printableLines,
  renderDiagnostics,
  report,
} from "./diagnostics/index.ts";
export { quote } from "./format/expressions.ts";
export { formatFile, formatSource, printExpectation, printExpression, printPlacement } from "./format.ts";
export { type ParsedFile, parse } from "./parser.ts";
export { createSource, joinSpans, type Source, type Span } from "./source.ts";
