import { printable } from "../../grammar/index.ts";
import type { Reporter } from "../app/reporter.ts";
import { printProblem } from "./print-problem.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import type { Terminal } from "./terminal.ts";

/** Prints what a use case reports as it hears it. */
export function terminalReporter(terminal: Terminal): Reporter {
  const progress = new Progress(terminal);
  const line = (text: string): void => terminal.err(`${printable(text)}\n`);
  return {
    problem: (problem) => printProblem(problem, terminal),
    diagnostics: (diagnostics) => showDiagnostics(diagnostics, terminal),
    note: (text) => line(`note: ${text}`),
    warning: (text) => line(`warning: ${text}`),
    info: line,
    progress: (text) => progress.say(text),
    progressEnd: () => progress.end(),
  };
}
