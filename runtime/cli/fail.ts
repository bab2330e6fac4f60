import { type Diagnostic, printable, renderDiagnostics, report } from "../../grammar/index.ts";
import type { DataProblem } from "../data/index.ts";
import { storageProblem } from "../files/index.ts";
import { renderDataProblem } from "./data-problem.ts";

import { type ExitCode, exitCodes, Styled, type Terminal } from "./terminal.ts";

export { fail, failStorage, failSystem } from "./system-failure.ts";

/** Shows diagnostics, in colours where the terminal has them. */
export function show(diagnostics: readonly Diagnostic[], terminal: Terminal): void {
  terminal.err(Styled.rendered(renderDiagnostics(diagnostics, { colour: terminal.colour })));
}

/** Shows what is wrong with specs and tensors. */
export function refuse(diagnostics: readonly Diagnostic[], terminal: Terminal): ExitCode {
  show(diagnostics, terminal);
  return exitCodes.wrong;
}

/** Shows what is wrong with a file of a data set. */
export function failFile(problem: DataProblem, terminal: Terminal): ExitCode {
  terminal.err(renderDataProblem(problem, terminal));
  return exitCodes.wrong;
}

/** Says that a file of a data set is left out. */
export function sayIsSkipped({ file, rule }: DataProblem, terminal: Terminal): void {
  terminal.err(`${printable(`skipped: ${file}: ${rule}`)}\n`);
}

/** Shows why what a command makes could not be written; throws on what is a mistake of this program. */
export function refuseWriting(error: unknown, path: string, terminal: Terminal): ExitCode {
  const { subject: named, message: reason, help } = storageProblem(path, error);
  return refuse([report("not-writable", named, { path: named, reason }, { help })], terminal);
}
