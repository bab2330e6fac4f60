import { type Builder, elementCount, type Node, type Program, printType, rewrite } from "../ir/index.ts";
import { type Elements, evaluateOperation, inferType, traitsOf } from "../ops/index.ts";

/** Leaves out what changes nothing, and computes what is the same everywhere: x + 0, x * 1, constants of constants. */
export function simplify(program: Program): Program {
  return rewrite(
    program,
    (node, inputs, build) =>
      foldConstants(node, inputs, build) ??
      leaveOut(node, inputs, build) ??
      repeatLater(node, inputs, build) ??
      readUnrepeated(node, inputs, build),
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

/** The value that all elements of a node have, or null. */
function uniformValue(node: Node | undefined): number | null {
  if (node?.operation.op === "constant") return node.operation.value;
  return null;
}

function foldConstants({ operation, type }: Node, inputs: readonly Node[], build: Builder): Node | null {
  const { ofUniform } = traitsOf(operation);
  if (ofUniform === "not uniform" || inputs.some((input) => uniformValue(input) === null)) return null;
  if (ofUniform === "kept") return build.add({ op: "constant", value: uniformValue(inputs[0]) ?? 0, type });
  const single = { dtype: type.dtype, shape: [] };
  const operands = inputs.map((input) => ({
    type: { dtype: input.type.dtype, shape: [] },
    data: Float64Array.of(uniformValue(input) ?? 0),
  }));
  const result: Elements = new Float64Array(1);
  evaluateOperation(operation, operands, single, result);
  const [value = Number.NaN] = result;
  return Number.isFinite(value) ? build.add({ op: "constant", value, type }) : null;
}

function sameShape(a: Node, b: { readonly type: Node["type"] }): boolean {
  return a.type.shape.length === b.type.shape.length && a.type.shape.every((size, axis) => size === b.type.shape[axis]);
}

/** The input that a node equals, or null. */
function leaveOut(node: Node, inputs: readonly Node[], build: Builder): Node | null {
  const { operation, type } = node;
  const [a, b] = inputs;
  if (a === undefined) return null;
  switch (operation.op) {
    case "add":
      if (uniformValue(b) === 0 && sameShape(a, node)) return a;
      return b !== undefined && uniformValue(a) === 0 && sameShape(b, node) ? b : null;
    case "sub":
      return uniformValue(b) === 0 && sameShape(a, node) ? a : null;
    case "mul":
      return simplifyProduct(node, a, b, build);
    case "div":
      return uniformValue(b) === 1 && sameShape(a, node) ? a : null;
    case "neg":
      return a.operation.op === "neg" ? (a.inputs[0] ?? null) : null;
    case "cast":
      return a.type.dtype === type.dtype ? a : null;
    case "broadcast":
      return sameShape(a, node) ? a : null;
    case "reshape": {
      if (sameShape(a, node)) return a;
      const [inner] = a.operation.op === "reshape" ? a.inputs : [];
      return inner === undefined ? null : build.reshape(inner, operation.shape);
    }
    case "transpose": {
      const { permutation } = operation;
      if (permutation.every((axis, index) => axis === index)) return a;
      if (a.operation.op !== "transpose" || a.inputs[0] === undefined) return null;
      const inner = a.operation.permutation;
      return build.add({ op: "transpose", permutation: permutation.map((axis) => inner[axis] ?? axis) }, a.inputs[0]);
    }
    case "slice":
      return elementCount(a.type) === elementCount(type) ? a : null;
    case "stop_gradient":
      // Gradients are built before this pass: what is left of it is its input.
      return a;
    default:
      return null;
  }
}

/** x * 1 is x, and x * c * d is x * (c d). */
function simplifyProduct(node: Node, a: Node, b: Node | undefined, build: Builder): Node | null {
  if (b === undefined) return null;
  if (uniformValue(b) === 1 && sameShape(a, node)) return a;
  if (uniformValue(a) === 1 && sameShape(b, node)) return b;
  const outer = uniformValue(b);
  if (outer === null || a.operation.op !== "mul" || b.type.shape.length > 0) return null;
  const [inner, factor] = a.inputs;
  const known = uniformValue(factor);
  return inner === undefined || known === null || factor?.type.shape.length !== 0
    ? null
    : build.mul(inner, outer * known);
}
