import type { Span } from "../source.ts";
import { catalogue, type DiagnosticKey, type DiagnosticParams } from "./catalogue.ts";
import { type Fix, fixesOf } from "./fix.ts";
import type { Severity } from "./row.ts";
import type { Replacing } from "./suggest.ts";

/** A second place that explains a diagnostic, such as the first of two declarations. */
export interface Label {
  readonly span: Span;
  readonly message: string;
}

/** A user's mistake, as a value: nothing that reads a spec throws. */
export interface Diagnostic {
  readonly code: string;
  readonly key: DiagnosticKey;
  readonly severity: Severity;
  readonly message: string;
  /** Null where there is no text to point at, as for a missing file. */
  readonly span: Span | null;
  readonly file: string;
  readonly labels: readonly Label[];
  readonly notes: readonly string[];
  readonly help: string | null;
  /** Changes of the text that do what the help says. */
  readonly fixes: readonly Fix[];
  /** All that could stand at the span, as it is written there, where that is a closed list: what an editor offers. */
  readonly choices: readonly string[];
}

/** A line of text, or names that can take the place of the written one. */
export type Help = string | Replacing;

/** What one report adds to its row: further places, notes, and a help that replaces the row's own. */
export interface Extra {
  readonly labels?: readonly Label[];
  readonly notes?: readonly string[];
  readonly help?: Help | null;
  /** Beside those that follow from the help. */
  readonly fixes?: readonly Fix[];
  readonly choices?: readonly string[];
}

/**
 * Makes a diagnostic at a span, or about a whole file when its name is given instead. The parameters are those of the
 * catalogue's row: a wrong key or a missing parameter does not compile.
 */
export function report<Key extends DiagnosticKey>(
  key: Key,
  where: Span | string,
  params: DiagnosticParams<Key>,
  extra: Extra = {},
): Diagnostic {
  const row = catalogue[key];
  const span = typeof where === "string" ? null : where;
  const help = extra.help ?? row.help?.(params) ?? null;
  const replacing = typeof help === "string" ? null : help;
  return {
    code: row.code,
    key,
    severity: row.severity,
    message: row.message(params),
    span,
    file: typeof where === "string" ? where : where.source.name,
    labels: extra.labels ?? [],
    notes: extra.notes ?? [],
    help: typeof help === "string" ? help : (replacing?.help ?? null),
    fixes: [...(replacing === null ? [] : fixesOf(replacing, span)), ...(extra.fixes ?? [])],
    choices: extra.choices ?? [],
  };
}

/** True when the work must stop. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
