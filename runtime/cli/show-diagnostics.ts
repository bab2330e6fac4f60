import type { Compiled } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { show } from "./fail.ts";
import type { Terminal } from "./terminal.ts";

/** Shows a spec's diagnostics; true when none of them is an error. */
export function showDiagnostics({ diagnostics }: Compiled, terminal: Terminal): boolean {
  show(diagnostics, terminal);
  return !hasErrors(diagnostics);
}
