import { checkSpec } from "../../compiler/index.ts";
import { applyFixes, createSource, type Diagnostic, safeFixesOf } from "../../grammar/index.ts";
import { attempt, type StorageProblem, writeAtomically } from "../files/index.ts";
import { openSpec } from "../specs/index.ts";

/** What mending a spec came to: how many changes were made, and what is still wrong with it. */
export interface Mended {
  readonly applied: number;
  readonly diagnostics: readonly Diagnostic[];
  /** Why the mended text could not be written. */
  readonly problem: StorageProblem | null;
}

/** A fix may show the next mistake; a text that takes more rounds is left as it is then. */
const mostRounds = 20;

/** Applies the safe fixes of a spec to its own file, which is written once; what it imports stays as it is. */
export function mendPath(path: string, set: readonly string[]): Mended {
  const opened = openSpec(path);
  if (opened.kind === "unread") return { applied: 0, diagnostics: [opened.diagnostic], problem: null };
  const { source, library } = opened;
  const check = (text: string): readonly Diagnostic[] => checkSpec(createSource(path, text), library, set);
  let { text } = source;
  let applied = 0;
  let diagnostics = check(text);
  for (let round = 0; round < mostRounds; round++) {
    const fixes = safeFixesOf(diagnostics, path);
    if (fixes.length === 0) break;
    text = applyFixes(text, fixes);
    applied += fixes.length;
    diagnostics = check(text);
  }
  if (text === source.text) return { applied: 0, diagnostics, problem: null };
  const written = attempt(path, () => writeAtomically(path, text));
  return written.kind === "failed"
    ? { applied: 0, diagnostics, problem: written.problem }
    : { applied, diagnostics, problem: null };
}
