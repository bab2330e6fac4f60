import { elementCount, type Node, type Program, rewrite } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { consumersOf } from "./consumers.ts";

/**
 * A product of matrices times a single number becomes a product of which one operand is multiplied, when that is less
 * than half as large: the scale of attention moves from the scores to the queries, that of LoRA to its low-rank side.
 */
export function scaleOperands(program: Program): Program {
  const consumers = consumersOf(program);
  return rewrite(program, ({ operation, inputs: [oldA, oldB] }, [a, b], build) => {
    if (operation.op !== "mul" || a === undefined || b === undefined) return null;
    const [factor, product, old] = isSingle(a) ? [a, b, oldB] : [b, a, oldA];
    if (!isSingle(factor) || !isProduct(product) || old === undefined) return null;
    const [left, right] = product.inputs;
    if (consumers(old).length !== 1 || left === undefined || right === undefined) return null;
    const isLeftSmaller = elementCount(left.type) <= elementCount(right.type);
    const smaller = isLeftSmaller ? left : right;
    if (2 * elementCount(smaller.type) > elementCount(product.type)) return null;
    const scaled = build.mul(smaller, factor);
    return isLeftSmaller ? build.add(product.operation, scaled, right) : build.add(product.operation, left, scaled);
  });
}

/** Whether each element of a value is a sum over products of two operands' elements, so that a factor of one is one of all. */
function isProduct({ operation, inputs }: Node): boolean {
  const { isMultilinear, isElementwise } = traitsOf(operation);
  return isMultilinear && !isElementwise && inputs.length === 2;
}

function isSingle({ type }: Node): boolean {
  return type.shape.length === 0;
}
