import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  buildProgram,
  builtStep,
  type ExpectedMemory,
  expectMemory,
  type Plan,
  type Program,
  type ProgramName,
  planToYaml,
  pytorchTarget,
  stepPrograms,
  type TargetFile,
  type TracedSpec,
  targets,
  tensorflowMemory,
  type Unwritable,
  whyNoProgram,
  whyNoStep,
} from "../../compiler/index.ts";
import { hasErrors, report } from "../../grammar/index.ts";
import { packageFiles } from "../backends/index.ts";
import { attempt, sha256Of, writeAtomically } from "../files/index.ts";
import { version } from "../machine/index.ts";
import { compilePath } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { done, type Ended, type Reporter, refuse, refuseBy, refused } from "./reporter.ts";
import { type ExpectedTime, type Timed, timesAt } from "./step-times.ts";
import { unwritable } from "./unwritable.ts";

export interface CompileRequest extends SpecRequest {
  /** A program that is asked for as well; null for none. */
  readonly program: ProgramName | null;
  /** A folder for `plan.yaml`. */
  readonly output: string | null;
  /** What else to write into that folder. */
  readonly target: string | null;
  /** Expect the memory of a training step even where the spec does not limit it; the step is built for that. */
  readonly memory: boolean;
  /** Where to expect the time of a training step, for which it is built too, and of an epoch of which examples; null for no times. */
  readonly timed: Timed | null;
}

/** A spec that compiles, though what it expects may not hold. */
export interface CompileResult {
  readonly plan: Plan;
  readonly spec: TracedSpec;
  readonly memory: ExpectedMemory | null;
  /** The time of a training step by backends; empty where it was not asked for, or is unknown. */
  readonly times: readonly ExpectedTime[];
  /** The program that was asked for, as it was built. */
  readonly program: Program | null;
  /** Whether what the spec expects holds. */
  readonly holds: boolean;
}

/** What a target writes of a spec, and what of medctc's own files belongs to it. */
function filesOf(target: string | null, spec: TracedSpec, text: string): readonly TargetFile[] | Unwritable {
  if (target === pytorchTarget.name) return packageFiles(spec, text);
  return targets.find(({ name }) => name === target)?.files?.(spec, { version, sha256: sha256Of, text }) ?? [];
}

/** Compiles a spec, and writes what is asked for into a folder. */
export function compile(request: CompileRequest, reporter: Reporter): Ended<CompileResult> {
  const { spec: path, program: name, output, target } = request;
  const compiled = compilePath(path, { set: request.set });
  const { plan, spec, diagnostics } = compiled;
  if (plan === null || spec === null) return refuseBy(diagnostics, reporter);
  const timesOf = request.timed === null ? () => [] : timesAt(request.timed, reporter);
  if (timesOf === null) return refused;
  const step = builtStep(spec);
  const memory = request.memory ? (compiled.memory ?? expectMemory(spec, tensorflowMemory, step)) : compiled.memory;
  const program = name === null ? null : buildProgram(spec, name);
  if (name !== null && program === null) {
    return refuseBy([report("no-such-program", path, { name, why: whyNoProgram(spec, name) })], reporter);
  }
  const isCut = target !== null && spec.inMicroBatches !== null && spec.losses.length > 0;
  if (isCut && stepPrograms(spec) === null) {
    return refuseBy([report("no-such-program", path, { name: "step", why: whyNoStep(spec) })], reporter);
  }
  const files = output === null ? [] : filesOf(target, spec, compiled.text);
  if ("span" in files) return refuse(unwritable(files, "this target"), reporter);
  if (output !== null) {
    const saved = attempt(output, () => {
      mkdirSync(output, { recursive: true });
      writeAtomically(join(output, "plan.yaml"), planToYaml(plan, memory));
      for (const { name, content } of files) {
        mkdirSync(dirname(join(output, name)), { recursive: true });
        writeAtomically(join(output, name), content);
      }
    });
    if (saved.kind === "failed") return refuse(saved.problem, reporter);
  }
  reporter.diagnostics(diagnostics);
  const times = timesOf(spec, step);
  return done({ plan, spec, memory, times, program, holds: !hasErrors(diagnostics) });
}
