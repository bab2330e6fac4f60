import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { planToYaml } from "../../compiler/index.ts";
import { renderDiagnostics, report } from "../../grammar/index.ts";
import { writeAtomically } from "../files/index.ts";
import { compilePath, showDiagnostics } from "./read-spec.ts";
import { renderSummary } from "./summary.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface CompileOptions {
  /** Print the plan instead of the summary. */
  readonly emitPlan: boolean;
  /** A folder for `plan.yaml`. */
  readonly output: string | null;
}

/** `medctc compile`: what a spec comes to, and whether what it expects holds. */
export function compile(path: string, { emitPlan, output }: CompileOptions, terminal: Terminal): ExitCode {
  const compiled = compilePath(path, terminal.libraryFolder);
  const { plan } = compiled;
  if (plan !== null) {
    const yaml = emitPlan || output !== null ? planToYaml(plan) : "";
    terminal.out(emitPlan ? yaml : renderSummary(plan));
    if (output !== null && !writePlan(output, yaml, terminal)) return exitCodes.wrong;
  }
  return showDiagnostics(compiled, terminal) ? exitCodes.done : exitCodes.wrong;
}

function writePlan(folder: string, yaml: string, terminal: Terminal): boolean {
  const path = join(folder, "plan.yaml");
  try {
    mkdirSync(folder, { recursive: true });
    writeAtomically(path, yaml);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.err(renderDiagnostics([report("not-writable", path, { path, reason })], { colour: terminal.colour }));
    return false;
  }
}
