import { extname } from "node:path";
import { hasErrors } from "../../grammar/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { overwriting } from "./overwriting.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refused } from "./reporter.ts";

export interface GraphRequest extends SpecRequest {
  /** `.svg` for a picture alone, `.html` for a page. */
  readonly output: string;
  /** In pixels. */
  readonly width: number;
  readonly isDark: boolean;
}

/** Draws the model of a spec, also where what the spec expects does not hold; says whether it does. */
export async function drawGraph(
  { spec, set, output, width, isDark }: GraphRequest,
  reporter: Reporter,
): Promise<Ended<{ readonly holds: boolean }>> {
  const kind = extname(output).toLowerCase();
  if (kind !== ".svg" && kind !== ".html") {
    reporter.problem(problem("a diagram must be .svg or .html", "use -o model.svg"));
    return misused;
  }
  const over = overwriting([output], [spec]);
  if (over !== null) return refuse(over, reporter);
  const { plan, text, diagnostics } = compilePath(spec, { set });
  reporter.diagnostics(diagnostics);
  if (plan === null) return refused;
  const { darkPalette, lightPalette, renderDiagram, renderGraphPage } = await import("../report/index.ts");
  const picture =
    kind === ".svg"
      ? `${renderDiagram(plan, { width, palette: isDark ? darkPalette : lightPalette, hasPaper: true })}\n`
      : await renderGraphPage({ plan, specPath: spec, specText: text, width, isDark });
  const written = attempt(output, () => writeAtomically(output, picture));
  return written.kind === "failed" ? refuse(written.problem, reporter) : done({ holds: !hasErrors(diagnostics) });
}
