import type { Builder } from "../ir/builder.ts";
import { type Node, printType } from "../ir/types.ts";
import type { Program } from "../programs/program.ts";
import { rewrite } from "./rewrite.ts";

/**
 * The gradient of a value that was cut is a sum of parts, each padded with zeros to the size of the whole. Parts that
 * meet are put side by side instead, so that nothing is filled with zeros and added.
 */
export function joinParts(program: Program): Program {
  return rewrite(program, ({ operation, type }, [a, b], build) =>
    operation.op === "add" && a !== undefined && b !== undefined && a.type.shape.length === type.shape.length
      ? (join(a, b, build) ?? joinLater(a, b, build))
      : null,
  );
}

/** A part that meets one which was added to something else before it is put beside that one, and both are added at once. */
function joinLater(sum: Node, part: Node, build: Builder): Node | null {
  const [other, before] = sum.inputs;
  if (sum.operation.op !== "add" || other === undefined || before === undefined) return null;
  if (printType(other.type) !== printType(sum.type) || printType(before.type) !== printType(sum.type)) return null;
  const joined = join(before, part, build);
  return joined === null ? null : build.add({ op: "add" }, other, joined);
}

function join(a: Node, b: Node, build: Builder): Node | null {
  const first = paddedPart(a);
  const second = paddedPart(b);
  if (first === null || second === null || first.axis !== second.axis) return null;
  if (a.type.shape.some((size, axis) => size !== b.type.shape[axis])) return null;
  const [low, high] = first.before <= second.before ? [first, second] : [second, first];
  const { axis } = low;
  const size = low.part.type.shape[axis] ?? 0;
  if (low.before + size !== high.before) return null;
  const joined = build.add({ op: "concat", axis }, ...partsOf(low.part, axis), ...partsOf(high.part, axis));
  if (low.before === 0 && high.after === 0) return joined;
  const amounts = a.type.shape.map((_, each) =>
    each === axis ? ([low.before, high.after] as const) : ([0, 0] as const),
  );
  return build.add({ op: "pad", amounts }, joined);
}

/** What is put side by side already, so that many parts are put together at once. */
function partsOf(node: Node, axis: number): readonly Node[] {
  return node.operation.op === "concat" && node.operation.axis === axis ? node.inputs : [node];
}

interface PaddedPart {
  readonly part: Node;
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

/** A value that is padded along one axis. */
function paddedPart({ operation, inputs: [part] }: Node): PaddedPart | null {
  if (operation.op !== "pad" || part === undefined) return null;
  const padded = operation.amounts.flatMap(([before, after], axis) =>
    before + after > 0 ? [{ part, axis, before, after }] : [],
  );
  return padded.length === 1 ? (padded[0] ?? null) : null;
}
