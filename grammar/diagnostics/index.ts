export { catalogue, type DiagnosticKey, type DiagnosticParams } from "./catalogue.ts";
export { diagnosticToJson } from "./json.ts";
export { printable, printableLines } from "./printable.ts";
export { countDiagnostics, renderDiagnostics } from "./render.ts";
export { type Diagnostic, type Extra, hasErrors, report } from "./report.ts";
export { didYouMean, nearest } from "./suggest.ts";
