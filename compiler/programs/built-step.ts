import type { Program } from "../ir/index.ts";
import { stepPrograms, type TracedSpec } from "./build.ts";

/** What passes make of a program that is run. */
type Optimise = (program: Program, spec: TracedSpec) => Program;

/** The programs of a spec's training step as passes leave them; null where there is no step. */
export type BuiltStep = (optimise: Optimise) => readonly Program[] | null;

/** A spec's step for several questions of it, its memory and its time: built when the first asks, and once for each kind of passes. */
export function builtStep(spec: TracedSpec): BuiltStep {
  const optimised = new Map<Optimise, readonly Program[]>();
  let built: readonly Program[] | null | undefined;
  return (optimise) => {
    built ??= stepPrograms(spec);
    if (built === null) return null;
    const programs = optimised.get(optimise) ?? built.map((program) => optimise(program, spec));
    optimised.set(optimise, programs);
    return programs;
  };
}
