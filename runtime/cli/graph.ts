import { extname } from "node:path";
import { attempt, writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import { failStorage } from "./fail.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface GraphOptions {
  /** `.svg` for a picture alone, `.html` for a page. */
  readonly output: string;
  /** In pixels. */
  readonly width: number;
  readonly isDark: boolean;
}

/** `medctc graph`: the model of a spec as a picture, also where what the spec expects does not hold. */
export async function graph(
  path: string,
  { output, width, isDark }: GraphOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const kind = extname(output).toLowerCase();
  if (kind !== ".svg" && kind !== ".html") {
    terminal.err("error: a picture is written as .svg or .html\n  help: -o model.svg\n");
    return exitCodes.usage;
  }
  const compiled = compilePath(path, terminal.libraryFolder);
  const isFine = showDiagnostics(compiled, terminal);
  const { plan, text } = compiled;
  if (plan === null) return exitCodes.wrong;
  const { darkPalette, lightPalette, renderDiagram, renderGraphPage } = await import("../report/index.ts");
  const picture =
    kind === ".svg"
      ? `${renderDiagram(plan, { width, palette: isDark ? darkPalette : lightPalette, hasPaper: true })}\n`
      : await renderGraphPage({ plan, specPath: path, specText: text, width, isDark });
  const written = attempt(output, () => writeAtomically(output, picture));
  if (written.kind === "failed") return failStorage(written.problem, terminal);
  terminal.out(`${output}\n`);
  return isFine ? exitCodes.done : exitCodes.wrong;
}
