import { checkSpec } from "../../compiler/index.ts";
import {
  countDiagnostics,
  createSource,
  type Diagnostic,
  diagnosticToJson,
  hasErrors,
  report,
} from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { SpecLibrary } from "../specs/index.ts";
import { show } from "./fail.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** `medctc check`: the diagnostics of specs and of what they import. */
export function check(paths: readonly string[], options: { readonly json: boolean }, terminal: Terminal): ExitCode {
  const results = paths.map((path) => ({ path, diagnostics: checkPath(path, terminal.libraryFolder) }));
  const diagnostics = withoutRepeats(results.flatMap((result) => result.diagnostics));
  if (options.json) {
    terminal.json(`${JSON.stringify({ diagnostics: diagnostics.map(diagnosticToJson) }, null, 2)}\n`);
  } else {
    for (const result of results) {
      if (result.diagnostics.length === 0) terminal.out(`${result.path}: ok\n`);
    }
    if (diagnostics.length > 0) {
      show(diagnostics, terminal);
      terminal.err(`\n${countDiagnostics(diagnostics)}\n`);
    }
  }
  return hasErrors(diagnostics) ? exitCodes.wrong : exitCodes.done;
}

function checkPath(path: string, libraryFolder: string): readonly Diagnostic[] {
  const file = readText(path);
  switch (file.kind) {
    case "missing":
      return [report("file-not-found", path, { path })];
    case "unreadable":
      return [file.problem(path)];
    case "text":
      return checkSpec(createSource(path, file.text), new SpecLibrary(libraryFolder, path));
  }
}

/** Two specs that import the same wrong file show its errors once. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, file, span, message }) => {
    const key = JSON.stringify([code, file, span?.start, span?.end, message]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
