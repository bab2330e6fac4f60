import { type Builder, elementCount, type Node, type Program, rewrite } from "../ir/index.ts";
import { traitsOf, uniformValue } from "../ops/index.ts";
import { consumersOf } from "./consumers.ts";

/** How much larger than a matrix the rows must be before a factor of theirs moves to a copy of the matrix. */
const worthACopy = 4;

/**
 * Single factors, each of which is a pass over memory, are collected on their way to the result: several become one, and
 * that one moves to the smaller operand of a product, behind what makes its value smaller, or turns an addition into a
 * subtraction.
 */
export function collectFactors(program: Program): Program {
  const consumers = consumersOf(program);
  return rewrite(program, (node, inputs, build) => {
    const { operation, type } = node;
    const { isMultilinear, isElementwise } = traitsOf(operation);
    // A number is the second factor.
    const isTurned = operation.op === "mul" && numberOf(inputs[0]) !== null;
    const [a, b] = isTurned ? inputs.toReversed() : inputs;
    const [oldA, oldB] = isTurned ? node.inputs.toReversed() : node.inputs;
    const isOwn = (old: Node | undefined): boolean => old !== undefined && consumers(old).length === 1;
    if (a === undefined) return null;
    const left = isOwn(oldA) ? factored(a) : bare(a);
    if (b === undefined) {
      const isMoved = isMultilinear && left.factor !== 1 && elementCount(type) < elementCount(a.type);
      return isMoved ? times(build.add(operation, left.value), left.factor, build) : null;
    }
    const right = isOwn(oldB) ? factored(b) : bare(b);
    if (isMultilinear) {
      if (isElementwise) return multiply(node, { a, b, left, right, isOwnA: isOwn(oldA) }, build);
      const isWorth = b.type.shape.length === 2 && elementCount(a.type) >= worthACopy * elementCount(b.type);
      if (left.factor === 1 || !isWorth) return null;
      return build.add(operation, left.value, times(b, left.factor, build));
    }
    // x / c is x * (1 / c), x + -y is x - y, and x - -y is x + y.
    switch (operation.op) {
      case "div": {
        const divisor = numberOf(b);
        return divisor === null || divisor === 0 ? null : times(left.value, left.factor / divisor, build);
      }
      case "add":
        if (right.factor === -1) return build.add({ op: "sub" }, a, right.value);
        return left.factor === -1 ? build.add({ op: "sub" }, b, left.value) : null;
      case "sub":
        return right.factor === -1 ? build.add({ op: "add" }, a, right.value) : null;
      default:
        return null;
    }
  });
}

/** A value as another one times a number. */
interface Factored {
  readonly value: Node;
  readonly factor: number;
}

interface Operands {
  readonly a: Node;
  readonly b: Node;
  readonly left: Factored;
  readonly right: Factored;
  readonly isOwnA: boolean;
}

function multiply(node: Node, { a, b, left, right, isOwnA }: Operands, build: Builder): Node | null {
  const number = numberOf(b);
  if (number !== null) {
    const [large, small] = isOwnA && a.operation.op === "mul" ? a.inputs : [];
    const hasSmall = large !== undefined && small !== undefined && 2 * elementCount(small.type) <= elementCount(a.type);
    if (hasSmall && numberOf(small) === null) return build.mul(large, times(small, number, build));
    return left.factor === 1 && numberOf(node.inputs[0]) === null
      ? null
      : times(left.value, left.factor * number, build);
  }
  // A factor of an operand that is repeated costs less where it is.
  const size = elementCount(node.type);
  const first = elementCount(a.type) === size ? left : bare(a);
  const second = elementCount(b.type) === size ? right : bare(b);
  const factor = first.factor * second.factor;
  return factor === 1 ? null : times(build.mul(first.value, second.value), factor, build);
}

function bare(value: Node): Factored {
  return { value, factor: 1 };
}

function factored(node: Node): Factored {
  const [a, b] = node.inputs;
  if (a === undefined) return bare(node);
  if (node.operation.op === "neg") return { value: a, factor: -1 };
  if (node.operation.op !== "mul" || b === undefined) return bare(node);
  const second = numberOf(b);
  if (second !== null) return { value: a, factor: second };
  const first = numberOf(a);
  return first === null ? bare(node) : { value: b, factor: first };
}

function times(value: Node, factor: number, build: Builder): Node {
  if (factor === 1) return value;
  return factor === -1 ? build.add({ op: "neg" }, value) : build.mul(value, factor);
}

/** The number that a constant without axes is. */
function numberOf(node: Node | undefined): number | null {
  return node?.type.shape.length === 0 && node.type.dtype === "f32" ? uniformValue(node) : null;
}
