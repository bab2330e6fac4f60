import type { Plan, TracedSpec, TrainOverrides } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { compilePath, type ReadSpec } from "../specs/index.ts";
import type { Reporter } from "./reporter.ts";

/** A spec without mistakes. */
export interface CompiledSpec extends ReadSpec {
  readonly plan: Plan;
  readonly spec: TracedSpec;
}

/** A spec that a command is asked for. */
export interface SpecRequest {
  /** The path of its file. */
  readonly spec: string;
  /** Assignments such as `train.lr = 1e-3`, which hold instead of what it says. */
  readonly set: readonly string[];
}

/** Compiles a spec and reports its diagnostics; null where there are errors among them. */
export function compileReported(
  { spec: path, set }: SpecRequest,
  reporter: Pick<Reporter, "diagnostics">,
  overrides: TrainOverrides = {},
): CompiledSpec | null {
  const compiled = compilePath(path, { ...overrides, set });
  reporter.diagnostics(compiled.diagnostics);
  const { plan, spec } = compiled;
  return hasErrors(compiled.diagnostics) || plan === null || spec === null ? null : { ...compiled, plan, spec };
}
