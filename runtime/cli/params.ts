import { compilePath } from "../specs/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface ParamsOptions {
  readonly json: boolean;
  /** Only those that are trained. */
  readonly trainable: boolean;
}

/** `medctc params`: every parameter with its names, its shape, whether it is trained, and which rule says so. */
export function params(path: string, options: ParamsOptions, terminal: Terminal): ExitCode {
  const compiled = compilePath(path, terminal.libraryFolder);
  const { plan } = compiled;
  if (plan !== null) {
    const shown = plan.parameters.filter(({ trainable }) => trainable || !options.trainable);
    if (options.json) {
      const parameters = shown.map((each) => ({
        path: each.path,
        checkpoint: each.checkpoint,
        shape: each.shape,
        dtype: each.dtype,
        trainable: each.trainable,
        rule: each.rule,
        role: each.role,
      }));
      terminal.json(`${JSON.stringify({ parameters, totals: plan.totals }, null, 2)}\n`);
    } else {
      const rows = shown.map((each) => [
        each.path,
        `[${each.shape.join(", ")}]`,
        each.trainable ? "trained" : "frozen",
        each.rule,
        each.checkpoint,
      ]);
      terminal.out(
        renderTable([["path", "shape", "", "by", "in checkpoints"], ...rows], ["left", "left", "left", "left", "left"]),
      );
      const { trainable, frozen, total } = plan.totals;
      terminal.out(`\n${printCount(trainable)} trained, ${printCount(frozen)} frozen, ${printCount(total)} in all\n`);
    }
  }
  return showDiagnostics(compiled, terminal) ? exitCodes.done : exitCodes.wrong;
}
