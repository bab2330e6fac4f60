import { type Diagnostic, renderDiagnostics } from "../../grammar/index.ts";
import { Styled, type Terminal } from "./terminal.ts";

/** Shows diagnostics, in colours where the terminal has them. */
export function showDiagnostics(diagnostics: readonly Diagnostic[], terminal: Pick<Terminal, "colour" | "err">): void {
  terminal.err(Styled.rendered(renderDiagnostics(diagnostics, { colour: terminal.colour })));
}
