import { formatBytes, formatPath, writeFormatted } from "../app/format.ts";
import type { DefineCommand } from "./command.ts";
import { printProblem } from "./print-problem.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("[spec...]", "spec files, changed in place")
    .option("--check", "change nothing; list files that are not formatted, and exit with 1 if there are any")
    .option("--stdin", "format standard input to standard output")
    .addHelpText("after", "\nExamples:\n  $ medctc fmt specs/*.vlm\n  $ medctc fmt --stdin < specs/medct.vlm")
    .action(async (specs, { check = false, stdin = false }) => {
      if (stdin === specs.length > 0) {
        terminal.err("error: name the files to format, or give --stdin and no file\n");
        return end(exitCodes.usage);
      }
      if (stdin) return end(formatInput(await terminal.readInput(), check, terminal));
      const isWell = specs.map((path) => formatFile(path, check, terminal));
      end(isWell.includes(false) ? exitCodes.wrong : exitCodes.done);
    });
};

function formatInput(bytes: Uint8Array, check: boolean, terminal: Terminal): ExitCode {
  const name = "<stdin>";
  const formatted = formatBytes(bytes, name);
  showDiagnostics(formatted.diagnostics, terminal);
  if (formatted.kind === "wrong") return exitCodes.wrong;
  if (!check) terminal.document(formatted.text);
  else if (formatted.changed) terminal.err(`${name} is not formatted\n`);
  return check && formatted.changed ? exitCodes.wrong : exitCodes.done;
}

/** True when the file is well, or was put in order. */
function formatFile(path: string, check: boolean, terminal: Terminal): boolean {
  const formatted = formatPath(path);
  showDiagnostics(formatted.diagnostics, terminal);
  if (formatted.kind === "wrong") return false;
  if (!formatted.changed) return true;
  if (check) {
    terminal.err(`${path} is not formatted; run \`medctc fmt ${path}\`\n`);
    return false;
  }
  const unwritten = writeFormatted(path, formatted.text);
  if (unwritten !== null) printProblem(unwritten, terminal);
  else terminal.out(`${path}: formatted\n`);
  return unwritten === null;
}
