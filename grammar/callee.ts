import type { Call } from "./ast.ts";

/** The name of what is called, without that of the import that it comes through; null for what is computed. */
export function calleeName({ callee }: Call): string | null {
  if (callee.kind === "name") return callee.text;
  return callee.kind === "member" ? callee.name.text : null;
}
