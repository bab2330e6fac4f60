import type { Plan, TracedSpec, TrainOverrides } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { compilePath, type ReadSpec } from "../specs/index.ts";
import type { Reporter } from "./reporter.ts";

/** A spec without mistakes. */
export interface CompiledSpec extends ReadSpec {
  readonly plan: Plan;
  readonly spec: TracedSpec;
}

/** Compiles the spec at a path and reports its diagnostics; null where there are errors among them. */
export function compileReported(
  path: string,
  reporter: Pick<Reporter, "diagnostics">,
  overrides: TrainOverrides = {},
): CompiledSpec | null {
  const compiled = compilePath(path, overrides);
  reporter.diagnostics(compiled.diagnostics);
  const { plan, spec } = compiled;
  return hasErrors(compiled.diagnostics) || plan === null || spec === null ? null : { ...compiled, plan, spec };
}
