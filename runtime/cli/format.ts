import { createSource, formatSource, report } from "../../grammar/index.ts";
import { decodeText, readText, writeAtomically } from "../files/index.ts";
import { refuseWriting, show } from "./fail.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface FormatOptions {
  /** Only list the files that are not in the formatter's form. */
  readonly check: boolean;
  /** Format standard input to standard output. */
  readonly stdin: boolean;
}

/** `medctc fmt`: puts specs into the one form that the language has. */
export async function format(paths: readonly string[], options: FormatOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.stdin === paths.length > 0) {
    terminal.err("error: name the files to format, or give --stdin and no file\n");
    return exitCodes.usage;
  }
  if (options.stdin) return formatInput(await terminal.readInput(), options, terminal);
  let code: ExitCode = exitCodes.done;
  for (const path of paths) {
    if (!formatPath(path, options, terminal)) code = exitCodes.wrong;
  }
  return code;
}

function formatInput(bytes: Uint8Array, options: FormatOptions, terminal: Terminal): ExitCode {
  const name = "<stdin>";
  const input = decodeText(bytes, name);
  if (input.kind !== "text") {
    if (input.kind === "unreadable") show([input.problem(name)], terminal);
    return exitCodes.wrong;
  }
  const { text, diagnostics } = formatSource(createSource(name, input.text));
  show(diagnostics, terminal);
  if (text === null) return exitCodes.wrong;
  if (!options.check) terminal.document(text);
  else if (text !== input.text) terminal.err(`${name} is not formatted\n`);
  return options.check && text !== input.text ? exitCodes.wrong : exitCodes.done;
}

/** True when the file is well, or was put in order. */
function formatPath(path: string, options: FormatOptions, terminal: Terminal): boolean {
  const file = readText(path);
  if (file.kind !== "text") {
    show([file.kind === "missing" ? report("file-not-found", path, { path }) : file.problem(path)], terminal);
    return false;
  }
  const { text, diagnostics } = formatSource(createSource(path, file.text));
  show(diagnostics, terminal);
  if (text === null) return false;
  if (text === file.text) return true;
  if (options.check) {
    terminal.err(`${path} is not formatted; run \`medctc fmt ${path}\`\n`);
    return false;
  }
  try {
    writeAtomically(path, text);
  } catch (error) {
    refuseWriting(error, path, terminal);
    return false;
  }
  terminal.out(`${path}: formatted\n`);
  return true;
}
