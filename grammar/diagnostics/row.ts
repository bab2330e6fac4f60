export type Severity = "error" | "warning";

/** One kind of diagnostic: what it says, made from parameters whose names and types the reporter must match. */
export interface Row<Params> {
  readonly code: string;
  readonly severity: Severity;
  readonly message: (params: Params) => string;
  readonly help: ((params: Params) => string) | null;
}

/** A row for a mistake that stops the work; `help` says what to do about it. */
export function error<Params = Record<string, never>>(
  code: `E${number}`,
  message: (params: Params) => string,
  help: ((params: Params) => string) | null = null,
): Row<Params> {
  return { code, severity: "error", message, help };
}

/** A row for what is probably a mistake, and does not stop the work. */
export function warning<Params = Record<string, never>>(
  code: `E${number}`,
  message: (params: Params) => string,
  help: ((params: Params) => string) | null = null,
): Row<Params> {
  return { code, severity: "warning", message, help };
}
