import {
  type ExpectedMemory,
  optimise,
  type Plan,
  type Program,
  type ProgramName,
  planToYaml,
  printProgram,
  type TracedSpec,
} from "../../compiler/index.ts";
import { renderPassTable } from "./pass-table.ts";
import { renderSummary } from "./summary.ts";

/** What can be asked for of a compiled spec: its summary, its plan, what passes do to the step, or a program. */
export type Emission = "summary" | "plan" | "passes" | ProgramName;

/** A compiled spec, with the program that was asked for. */
export interface Emitted {
  readonly plan: Plan;
  readonly spec: TracedSpec;
  readonly memory: ExpectedMemory | null;
  /** Null for a summary and a plan. */
  readonly program: Program | null;
}

/** What is asked for as text; `after` is the last pass that a program goes through, "none" for no pass, null for all of them. */
export function renderEmission(
  { plan, spec, memory, program }: Emitted,
  emission: Emission,
  after: string | null,
): string {
  if (emission === "plan") return planToYaml(plan, memory);
  if (program === null) return renderSummary(plan, memory);
  if (emission === "passes") return renderPassTable(program, spec);
  return printProgram(after === "none" ? program : optimise(program, spec, { last: after }));
}
