import { type Diagnostic, renderDiagnostics } from "../../grammar/index.ts";
import type { DataProblem } from "../data/index.ts";
import type { StorageProblem } from "../files/index.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Says what is wrong, and what to do about it. */
export function fail(problem: string, help: string | null, terminal: Terminal): ExitCode {
  terminal.err(`error: ${problem}\n${help === null ? "" : `  help: ${help}\n`}`);
  return exitCodes.wrong;
}

/** Shows what is wrong with specs and tensors. */
export function refuse(diagnostics: readonly Diagnostic[], terminal: Terminal): ExitCode {
  terminal.err(renderDiagnostics(diagnostics, { colour: terminal.colour }));
  return exitCodes.wrong;
}

/** Shows what is wrong with a file of a data set. */
export function failFile({ file, rule, help }: DataProblem, terminal: Terminal): ExitCode {
  return fail(`${file}: ${rule}`, help, terminal);
}

/** Shows what the file system refused. */
export function failStorage({ path, reason, help }: StorageProblem, terminal: Terminal): ExitCode {
  return fail(`${path}: ${reason}`, help, terminal);
}
