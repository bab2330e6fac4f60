import { countDiagnostics, type Diagnostic, diagnosticToJson, hasErrors } from "../../grammar/index.ts";
import { mendPath } from "../app/fix.ts";
import { checkPath } from "../specs/index.ts";
import type { DefineCommand } from "./command.ts";
import { setOption } from "./option-values.ts";
import { printProblem } from "./print-problem.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec...>", "spec files")
    .addOption(setOption())
    .option("--json", "print the diagnostics as JSON, with ranges and fixes as in the Language Server Protocol")
    .option("--fix", "mend what has one fix and no other meaning, in the files themselves, and report the rest")
    .addHelpText("after", "\nExamples:\n  $ medctc check specs/medct.vlm\n  $ medctc check --fix card.vlm")
    .action((specs, { set, json = false, fix = false }) => {
      const results = specs.map((path) => (fix ? mended(path, set, json, terminal) : checked(path, set)));
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
      end(hasErrors(diagnostics) || results.some(({ isWritten }) => !isWritten) ? exitCodes.wrong : exitCodes.done);
    });
};

interface Checked {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
  /** False where a mended text could not be written. */
  readonly isWritten: boolean;
}

function checked(path: string, set: readonly string[]): Checked {
  return { path, diagnostics: checkPath(path, set), isWritten: true };
}

function mended(path: string, set: readonly string[], isQuiet: boolean, terminal: Terminal): Checked {
  const { applied, diagnostics, problem } = mendPath(path, set);
  if (problem !== null) printProblem(problem, terminal);
  else if (applied > 0 && !isQuiet) terminal.out(`${path}: applied ${applied === 1 ? "1 fix" : `${applied} fixes`}\n`);
  return { path, diagnostics, isWritten: problem === null };
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
