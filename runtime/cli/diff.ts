import { type Comparison, compareSpecs, type ReadableSpec } from "../../compiler/index.ts";
import { createSource, type Diagnostic, report } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { SpecLibrary } from "../specs/index.ts";
import { renderComparison } from "./diff-text.ts";
import { show } from "./fail.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** As the program `diff` ends: 1 says that there are differences, so what cannot be compared is 2. */
const diffCodes = { same: exitCodes.done, different: exitCodes.wrong, trouble: exitCodes.usage } as const;

/** `medctc diff`: what two specs differ in, in what they mean. */
export function diff(
  before: string,
  after: string,
  { json }: { readonly json: boolean },
  terminal: Terminal,
): ExitCode {
  const read = [before, after].map((path) => readSpec(path, terminal.libraryFolder));
  const unread = read.flatMap((each) => ("source" in each ? [] : [each]));
  const [first, second] = read.flatMap((each) => ("source" in each ? [each] : []));
  if (first === undefined || second === undefined) {
    show(unread, terminal);
    return diffCodes.trouble;
  }
  const { comparison, diagnostics } = compareSpecs(first, second);
  show(diagnostics, terminal);
  if (comparison === null) return diffCodes.trouble;
  if (json) terminal.json(renderJson(before, after, comparison));
  else terminal.out(renderComparison(comparison));
  return comparison.isEqual ? diffCodes.same : diffCodes.different;
}

function readSpec(path: string, libraryFolder: string): ReadableSpec | Diagnostic {
  const file = readText(path);
  switch (file.kind) {
    case "missing":
      return report("file-not-found", path, { path });
    case "unreadable":
      return file.problem(path);
    case "text":
      return { source: createSource(path, file.text), library: new SpecLibrary(libraryFolder, path) };
  }
}

function renderJson(before: string, after: string, comparison: Comparison): string {
  return `${JSON.stringify({ before, after, ...comparison }, null, 2)}\n`;
}
