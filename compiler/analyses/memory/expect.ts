import { optimise } from "../../passes/index.ts";
import type { ExpectedMemory } from "../../plan/index.ts";
import { stepPrograms, type TracedSpec } from "../../programs/index.ts";
import { type Peak, peakOf } from "./peak.ts";
import { variableBytesOf } from "./variables.ts";

/** What the process has in memory besides a model: Node, TensorFlow's library, the graph. On Linux 480 to 520 MiB. */
const processBytes = 512 * 1024 * 1024;

/**
 * The share of the small values that stays with the process as holes in its heap. In steps of medct-small made larger, of
 * 1.1 to 2.4 GiB, it was 0.1 to 1; with 0.5 the whole was within 0.95 and 1.16 of what was measured.
 */
const holes = 0.5;

/**
 * Expects the memory of a spec's training step as TensorFlow runs it, in pieces where the spec says so; null when the model
 * has no loss.
 */
export function expectMemory(spec: TracedSpec): ExpectedMemory | null {
  const programs = stepPrograms(spec)?.map((program) => optimise(program, spec)) ?? [];
  const [first, ...others] = programs.map(peakOf);
  if (first === undefined) return null;
  const bytesOf = (each: Peak): number => each.tensorBytes + Math.round(holes * each.pieceBytes);
  const peak = others.reduce((most, each) => (bytesOf(each) > bytesOf(most) ? each : most), first);
  const variableBytes = variableBytesOf(programs);
  const tensorBytes = bytesOf(peak);
  const { recompute, precision } = spec.settings;
  return {
    recompute,
    precision,
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
