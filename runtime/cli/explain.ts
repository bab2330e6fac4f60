import { explainSelectors } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { compilePath } from "../specs/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import { show } from "./fail.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** `medctc explain`: what a selector matches in a spec, and why. */
export function explain(path: string, selector: string, terminal: Terminal): ExitCode {
  const compiled = compilePath(path, terminal.libraryFolder);
  if (compiled.elements.length === 0) {
    showDiagnostics(compiled, terminal);
    return exitCodes.wrong;
  }
  const { matches, diagnostics } = explainSelectors(selector, compiled.elements);
  if (matches.length > 0) {
    const rows = matches.map(({ path: matched, what, why, parameters }) => [
      matched,
      what,
      printCount(parameters),
      why,
    ]);
    const total = matches.reduce((sum, { parameters }) => sum + parameters, 0);
    terminal.out(renderTable([["path", "is", "parameters", "because"], ...rows], ["left", "left", "right", "left"]));
    terminal.out(`\n${matches.length} matched, ${printCount(total)} parameters\n`);
  }
  show(diagnostics, terminal);
  return hasErrors(diagnostics) ? exitCodes.wrong : exitCodes.done;
}
