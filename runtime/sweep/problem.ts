/** What is wrong with a sweep file: where, the rule that it breaks, and what to do about it where that is known. */
export interface SweepProblem {
  /** From 1; null for what is about the file as a whole. */
  readonly place: { readonly line: number; readonly column: number } | null;
  readonly rule: string;
  readonly help: string | null;
}

/** A problem as a person reads it. */
export function renderSweepProblem(file: string, { place, rule, help }: SweepProblem): string {
  const where = place === null ? file : `${file}:${place.line}:${place.column}`;
  return `error: ${where}: ${rule}\n${help === null ? "" : `  help: ${help}\n`}`;
}
