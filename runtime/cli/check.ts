import { countDiagnostics, type Diagnostic, diagnosticToJson, hasErrors } from "../../grammar/index.ts";
import { checkPath } from "../specs/index.ts";
import type { DefineCommand } from "./command.ts";
import { setOption } from "./option-values.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { exitCodes } from "./terminal.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec...>", "spec files")
    .addOption(setOption())
    .option("--json", "print the diagnostics as JSON, with ranges as in the Language Server Protocol")
    .addHelpText("after", "\nExample:\n  $ medctc check specs/medct.vlm")
    .action((specs, { set, json = false }) => {
      const results = specs.map((path) => ({ path, diagnostics: checkPath(path, set) }));
      const diagnostics = withoutRepeats(results.flatMap((result) => result.diagnostics));
      if (json) {
        terminal.json(`${JSON.stringify({ diagnostics: diagnostics.map(diagnosticToJson) }, null, 2)}\n`);
      } else {
        for (const result of results) {
          if (result.diagnostics.length === 0) terminal.out(`${result.path}: ok\n`);
        }
        if (diagnostics.length > 0) {
          showDiagnostics(diagnostics, terminal);
          terminal.err(`\n${countDiagnostics(diagnostics)}\n`);
        }
      }
      end(hasErrors(diagnostics) ? exitCodes.wrong : exitCodes.done);
    });
};

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
