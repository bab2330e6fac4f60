export { catalogue, type DiagnosticKey } from "./catalogue.ts";
export { type DiagnosticJson, diagnosticToJson } from "./json.ts";
export { countDiagnostics, renderDiagnostics } from "./render.ts";
export { type Diagnostic, hasErrors, type Label, report } from "./report.ts";
export { didYouMean, nearest } from "./suggest.ts";
