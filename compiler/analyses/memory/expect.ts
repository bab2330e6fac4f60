import type { Program } from "../../ir/index.ts";
import type { ExpectedMemory } from "../../plan/index.ts";
import { type BuiltStep, builtStep, type TracedSpec } from "../../programs/index.ts";
import { type MemoryModel, type Runner, tensorflowMemory } from "./models.ts";
import { type Peak, peakOf } from "./peak.ts";
import { variableBytesOf } from "./variables.ts";

/**
 * Expects the memory of a spec's training step, in micro-batches where the spec says so, as TensorFlow runs it unless another model is
 * given; null when the model has no loss.
 */
export function expectMemory(
  spec: TracedSpec,
  model: MemoryModel = tensorflowMemory,
  step: BuiltStep = builtStep(spec),
): ExpectedMemory | null {
  const [first, ...others] = step(model.optimise) ?? [];
  const { recompute, precision } = spec.settings;
  return first === undefined ? null : { recompute, precision, ...memoryOf([first, ...others], model) };
}

/** The memory of programs that run one after the other, whatever they are of. */
export function memoryOf(
  programs: readonly [Program, ...Program[]],
  { title, processBytes, holes, growth }: Omit<MemoryModel, keyof Runner>,
): Omit<ExpectedMemory, "recompute" | "precision"> {
  const [first, ...others] = programs;
  const bytesOf = (each: Peak): number => Math.round(growth * each.tensorBytes + holes * each.pieceBytes);
  const peak = others.map(peakOf).reduce((most, each) => (bytesOf(each) > bytesOf(most) ? each : most), peakOf(first));
  const variableBytes = variableBytesOf(programs);
  const tensorBytes = bytesOf(peak);
  return {
    title,
    processBytes,
    variableBytes,
    tensorBytes,
    peakBytes: processBytes + variableBytes + tensorBytes,
    at: placeOf(peak),
  };
}

function placeOf({ at }: Peak): string {
  if (at === null) return "nothing";
  const { operation, origin } = at;
  return origin.path === "" ? `${operation.op} outside all modules` : `${operation.op} in ${origin.path}`;
}
