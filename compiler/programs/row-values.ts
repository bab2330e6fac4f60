import { byteCount, type Node, neededFor } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { buildStep, type TracedSpec } from "./build.ts";
import { rowValuesOf } from "./coupling-points.ts";
import { gatheredBytes } from "./micro-batches.ts";

/**
 * The values of a model that each row of a batch gives by itself, so that processes that share a batch may hand them to each other.
 * What small inputs alone give is not among them: these inputs are handed on. Empty where the model compiles only for its whole batch,
 * or has other operations for other batches.
 */
export function rowValues(spec: TracedSpec): ReadonlySet<Node> {
  const others = spec.atRows(2 * spec.settings.batch).spec;
  const [ends, ofOthers] = [spec, others].map((each) => (each === null ? null : buildStep(each)?.outputs.values()));
  if (!ends || !ofOthers) return new Set();
  const all = [...ends];
  const small = ofSmallInputs(all);
  return new Set([...(rowValuesOf(all, [...ofOthers]) ?? [])].filter((node) => !small.has(node)));
}

/** What follows from inputs alone that are small enough to be handed on. */
function ofSmallInputs(ends: readonly Node[]): ReadonlySet<Node> {
  const small = new Set<Node>();
  for (const node of neededFor(ends)) {
    const { operation, type, inputs } = node;
    const isLarge = operation.op === "input" && byteCount(type) > gatheredBytes;
    if (isLarge || operation.op === "parameter" || traitsOf(operation).isRandom) continue;
    if (inputs.every((input) => small.has(input))) small.add(node);
  }
  return small;
}
