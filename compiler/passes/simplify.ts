import { at } from "../at.ts";
import { type Builder, type Node, type Program, printType, rewrite } from "../ir/index.ts";
import {
  type Elements,
  equalInputOf,
  evaluateOperation,
  inferType,
  shorterFormOf,
  traitsOf,
  uniformValue,
} from "../ops/index.ts";

/**
 * Leaves out what changes nothing, and computes what is the same everywhere: x + 0, x * 1, constants of constants. Gradients
 * are built before: what is left of stop_gradient is its input.
 */
export function simplify(program: Program): Program {
  return rewrite(program, simplified);
}

/** A simpler form of one operation; null where there is none. */
export function simplified(node: Node, inputs: readonly Node[], build: Builder): Node | null {
  return (
    foldConstants(node, inputs, build) ??
    equalInputOf(node.operation, inputs, node.type) ??
    shorterFormOf(node.operation, inputs, node.type, build) ??
    repeatLater(node, inputs, build) ??
    readUnrepeated(node, inputs, build)
  );
}

/** What is repeated, and a number, are brought together before it is repeated. */
function repeatLater({ operation, type }: Node, inputs: readonly Node[], build: Builder): Node | null {
  const [a, b] = inputs;
  if (operation.op !== "mul" || a === undefined || b === undefined) return null;
  const [repeated, number] = a.operation.op === "broadcast" ? [a, b] : [b, a];
  const [source] = repeated.operation.op === "broadcast" ? repeated.inputs : [];
  if (source === undefined || uniformValue(number) === null || number.type.shape.length > 0) return null;
  return build.broadcast(build.mul(source, number), type.shape);
}

/** Operations that repeat their operands themselves read what is repeated for them as it was before. */
function readUnrepeated({ operation, type }: Node, inputs: readonly Node[], build: Builder): Node | null {
  if (!traitsOf(operation).isElementwise) return null;
  let current = inputs;
  for (const [index, input] of inputs.entries()) {
    const [source] = input.operation.op === "broadcast" ? input.inputs : [];
    if (source === undefined) continue;
    const shorter = current.with(index, source);
    const inferred = inferType(
      operation,
      shorter.map((each) => each.type),
    );
    if (typeof inferred !== "string" && printType(inferred) === printType(type)) current = shorter;
  }
  return current === inputs ? null : build.add(operation, ...current);
}

function foldConstants({ operation, type }: Node, inputs: readonly Node[], build: Builder): Node | null {
  const { ofUniform } = traitsOf(operation);
  const numbers = inputs.flatMap((input) => uniformValue(input) ?? []);
  if (ofUniform === "not uniform" || numbers.length < inputs.length) return null;
  if (ofUniform === "kept") return build.add({ op: "constant", value: at(numbers, 0), type });
  const single = { dtype: type.dtype, shape: [] };
  const operands = inputs.map((input, index) => ({
    type: { dtype: input.type.dtype, shape: [] },
    data: Float64Array.of(at(numbers, index)),
  }));
  const result: Elements = new Float64Array(1);
  evaluateOperation(operation, operands, single, result);
  const [value = Number.NaN] = result;
  return Number.isFinite(value) ? build.add({ op: "constant", value, type }) : null;
}
