import { type Diagnostic, printable, renderDiagnostics } from "../../grammar/index.ts";
import type { DataProblem } from "../data/index.ts";
import { type StorageProblem, storageProblem } from "../files/index.ts";
import { renderDataProblem } from "./data-problem.ts";
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
export function failFile(problem: DataProblem, terminal: Terminal): ExitCode {
  terminal.err(renderDataProblem(problem, terminal));
  return exitCodes.wrong;
}

/** Says that a file of a data set is left out. */
export function sayIsSkipped({ file, rule }: DataProblem, terminal: Terminal): void {
  terminal.err(`${printable(`skipped: ${file}: ${rule}`)}\n`);
}

/** Shows what the file system refused. */
export function failStorage({ path, reason, help }: StorageProblem, terminal: Terminal): ExitCode {
  return fail(`${path}: ${reason}`, help, terminal);
}

/** How TensorFlow, ONNX Runtime and Node.js say that memory was not to be had. */
const outOfMemory = /\bOOM\b|out of memory|bad_alloc|failed to allocate|allocation failed/i;

/** Says what the system refused in the middle of something, a file or memory; throws on what is a mistake of this program. */
export function failSystem(error: unknown, path: string, terminal: Terminal): ExitCode {
  if (error instanceof Error && outOfMemory.test(error.message)) {
    const help = "use a smaller `batch` or `micro_batch`, or `recompute = layers`; what was saved stays";
    return fail(`memory ran out: ${error.message.split("\n")[0] ?? ""}`, help, terminal);
  }
  return failStorage(storageProblem(path, error), terminal);
}
