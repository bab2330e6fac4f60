import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  buildProgram,
  expectMemory,
  optimise,
  type ProgramName,
  planToYaml,
  printProgram,
  stepPrograms,
  type TracedSpec,
  targets,
  whyNoProgram,
  whyNoStep,
} from "../../compiler/index.ts";
import { report } from "../../grammar/index.ts";
import { writeAtomically } from "../files/index.ts";
import { refuse, refuseWriting } from "./fail.ts";
import { renderPassTable } from "./pass-table.ts";
import { compilePath, showDiagnostics } from "./read-spec.ts";
import { renderSummary } from "./summary.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** What can be printed of a spec. */
export type Emitted = "plan" | "passes" | ProgramName;

export interface CompileOptions {
  /** Print that instead of the summary. */
  readonly emit: Emitted | null;
  /** Of a program, what this pass leaves; `none` for the program as it was built. */
  readonly after: string | null;
  /** A folder for `plan.yaml`. */
  readonly output: string | null;
  /** What else to write into that folder. */
  readonly target: string | null;
  /** Expect the memory of a training step even where the spec does not limit it; the step is built for that. */
  readonly memory: boolean;
}

/** `medctc compile`: what a spec comes to, and whether what it expects holds. */
export function compile(
  path: string,
  { emit, after, output, target, memory }: CompileOptions,
  terminal: Terminal,
): ExitCode {
  const compiled = compilePath(path, terminal.libraryFolder);
  const { plan, spec } = compiled;
  if (plan !== null && spec !== null) {
    const known = memory ? (compiled.memory ?? expectMemory(spec)) : compiled.memory;
    const yaml = emit === "plan" || output !== null ? planToYaml(plan, known) : "";
    const text = emit === null ? renderSummary(plan, known) : emit === "plan" ? yaml : renderProgram(spec, emit, after);
    if (text === null && emit !== null && emit !== "plan") {
      const name = programOf(emit);
      return refuse([report("no-such-program", path, { name, why: whyNoProgram(spec, name) })], terminal);
    }
    const isCut = target !== null && spec.inMicroBatches !== null && spec.losses.length > 0;
    if (isCut && stepPrograms(spec) === null) {
      return refuse([report("no-such-program", path, { name: "step", why: whyNoStep(spec) })], terminal);
    }
    terminal.out(text ?? "");
    if (output !== null && !writeFiles(output, yaml, spec, target, terminal)) return exitCodes.wrong;
  }
  return showDiagnostics(compiled, terminal) ? exitCodes.done : exitCodes.wrong;
}

/** A program as text, or the table of what passes do to the step; null when the model has no such program. */
function renderProgram(spec: TracedSpec, emit: Exclude<Emitted, "plan">, after: string | null): string | null {
  const program = buildProgram(spec, programOf(emit));
  if (program === null) return null;
  if (emit === "passes") return renderPassTable(program, spec);
  return printProgram(after === "none" ? program : optimise(program, spec, { last: after }));
}

function programOf(emit: Exclude<Emitted, "plan">): ProgramName {
  return emit === "passes" ? "step" : emit;
}

/** Writes the plan, and the files of a target when one is named. */
function writeFiles(
  folder: string,
  yaml: string,
  spec: TracedSpec,
  target: string | null,
  terminal: Terminal,
): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    writeAtomically(join(folder, "plan.yaml"), yaml);
    const files = targets.find(({ name }) => name === target)?.files?.(spec) ?? [];
    for (const { name, content } of files) writeAtomically(join(folder, name), content);
    return true;
  } catch (error) {
    refuseWriting(error, folder, terminal);
    return false;
  }
}
