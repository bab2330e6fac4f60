export { applyFixes, safeFixesOf } from "./apply-fixes.ts";
export { catalogue, type DiagnosticKey, type DiagnosticParams } from "./catalogue.ts";
export type { Fix } from "./fix.ts";
export { diagnosticToJson } from "./json.ts";
export { printable, printableLines } from "./printable.ts";
export { countDiagnostics, renderDiagnostics } from "./render.ts";
export { type Diagnostic, type Extra, type Help, hasErrors, report } from "./report.ts";
export { didYouMean, nearest, nearestText } from "./suggest.ts";
