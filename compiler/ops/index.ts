import type { Build } from "../ir/build.ts";
import type { Dtype, Node, Operation, OperationName, OperationOf, TensorType } from "../ir/types.ts";
import { conv, convInput, convWeight } from "./convolution.ts";
import { drawnEvenlyRule } from "./drawn-evenly.ts";
import { drawnNormalsRule } from "./drawn-normals.ts";
import { drawnPlacesRule } from "./drawn-places.ts";
import { binaryRules, cast, compareRules, floorDiv, stopGradient, unaryRules, where } from "./elementwise.ts";
import { gather, oneHot, scatterAdd } from "./gather.ts";
import { gatherAlong } from "./gather-along.ts";
import { broadcast, concat, pad, reshape, slice, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { argsort, cumsum } from "./order.ts";
import { avgPool, avgPoolInput, maxPool, maxPoolInput } from "./pooling.ts";
import { draw, dropout, randomUniform } from "./random.ts";
import { argmax, logSoftmax, max, softmax, sum } from "./reduce.ts";
import type { Elements, OperationRule, OperationTraits, Saved, TensorData } from "./rule.ts";
import { constant, input, iota, parameter } from "./source.ts";
import { svd } from "./svd.ts";

export { drawnEvenly } from "./drawn-evenly.ts";
export { drawnNormals } from "./drawn-normals.ts";
export { drawnPlaces, firstOfPermutation } from "./drawn-places.ts";
export { largestEigenvectors } from "./eigenvectors.ts";
export { roundHalfToEven, uniformFrom, uniformState } from "./functions.ts";
export { isRowProjection } from "./matmul.ts";
export { type Elements, resolveAxis, type TensorData } from "./rule.ts";
export { type SingularVectors, singularVectors, smallSingularVectors } from "./singular-vectors.ts";
export { uniformValue } from "./uniform.ts";
export { addTo, dot } from "./vectors.ts";
export { placesIn, type Windows } from "./windows.ts";

/** Every operation there is; a name without a rule does not compile. */
const rules: { readonly [Name in OperationName]: OperationRule<Name> } = {
  input,
  parameter,
  constant,
  iota,
  drawn_places: drawnPlacesRule,
  drawn_normals: drawnNormalsRule,
  drawn_evenly: drawnEvenlyRule,
  ...unaryRules,
  ...binaryRules,
  ...compareRules,
  floor_div: floorDiv,
  where,
  stop_gradient: stopGradient,
  sum,
  max,
  argmax,
  cumsum,
  argsort,
  softmax,
  log_softmax: logSoftmax,
  matmul,
  reshape,
  broadcast,
  transpose,
  slice,
  concat,
  pad,
  gather,
  gather_along: gatherAlong,
  scatter_add: scatterAdd,
  one_hot: oneHot,
  svd,
  cast,
  dropout,
  draw,
  random_uniform: randomUniform,
  conv,
  conv_input: convInput,
  conv_weight: convWeight,
  max_pool: maxPool,
  max_pool_input: maxPoolInput,
  avg_pool: avgPool,
  avg_pool_input: avgPoolInput,
};

/** The names of all operations, and of those through which gradients flow. */
export const operationNames: readonly string[] = Object.keys(rules);
export const differentiableNames: readonly string[] = Object.entries(rules).flatMap(([name, { derivative }]) =>
  derivative === null ? [] : [name],
);

/** The type of what an operation gives, or in words why it cannot be applied. */
export function inferType(operation: Operation, inputs: readonly TensorType[]): TensorType | string {
  return ruleOf(operation).type(operation, inputs);
}

/** What passes ask of an operation, besides the questions that follow. */
export function traitsOf<Name extends OperationName>(operation: OperationOf<Name>): OperationTraits<Name> {
  return ruleOf(operation);
}

/** The input that has the value and the shape of a result; null where there is none. */
export function equalInputOf(operation: Operation, inputs: readonly Node[], type: TensorType): Node | null {
  return ruleOf(operation).equalInput(operation, inputs, type);
}

/** The value of a result by fewer operations; null where none are known. */
export function shorterFormOf(
  operation: Operation,
  inputs: readonly Node[],
  type: TensorType,
  build: Build,
): Node | null {
  return ruleOf(operation).shorterForm?.(operation, inputs, type, build) ?? null;
}

/** The input of a node that holds row numbers or classes, with the number that all of them are below; null for most. */
export function numbersIn({ operation, inputs }: Node): { readonly numbers: Node; readonly limit: number } | null {
  const found = ruleOf(operation).numbers?.(
    operation,
    inputs.map(({ type }) => type),
  );
  const numbers = inputs[found?.input ?? inputs.length];
  return found === undefined || numbers === undefined ? null : { numbers, limit: found.limit };
}

/** Whether each row along an axis of a node follows from the same row of its inputs, which have them on some axes. */
export function keepsRows(
  { operation, inputs, type }: Node,
  axis: number,
  axisOf: (input: number) => number | null,
): boolean {
  return ruleOf(operation).keepsRows({
    operation,
    inputs: inputs.map((each) => each.type),
    output: type,
    axis,
    axisOf,
  });
}

/** Whether each row of an axis of a node follows from the same row of that axis of its inputs. */
export function isRowWise({ operation, inputs }: Node, axis: number): boolean {
  return ruleOf(operation).isRowWise(
    operation,
    inputs.map(({ type }) => type),
    axis,
  );
}

/** Floating-point operations of one operation in the forward pass. */
export function flopsOf(operation: Operation, inputs: readonly TensorType[], output: TensorType): number {
  return ruleOf(operation).flops(operation, inputs, output);
}

/** The same of a node. */
export function flopsOfNode({ operation, inputs, type }: Node): number {
  return flopsOf(
    operation,
    inputs.map((input) => input.type),
    type,
  );
}

/** What the time of something follows from that runs as one: an operation, or several that are joined. */
export interface Work {
  /** The multiplications and additions of what multiplies as matrices do, and the type of what it multiplies; null for all else. */
  readonly product: { readonly flops: number; readonly dtype: Dtype } | null;
  /** Bytes that it reads and writes; none of what is there already. */
  readonly bytes: number;
}

export function workOf({ operation, inputs, type }: Node): Work {
  const { isProduct, flops, bytesMoved } = ruleOf(operation);
  const types = inputs.map((input) => input.type);
  const product = { flops: flops(operation, types, type), dtype: types[0]?.dtype ?? type.dtype };
  return { product: isProduct ? product : null, bytes: bytesMoved(types, type) };
}

/** What the backward pass of an operation reads again. */
export function savedBy(operation: Operation): Saved {
  return ruleOf(operation).saved;
}

/** True when gradients flow through an operation. */
export function isDifferentiable(operation: Operation): boolean {
  return ruleOf(operation).derivative !== null;
}

/** The gradients of a node's inputs, built from the gradient of its output; null where there is none. */
export function derivativeOf(
  node: Node,
  gradient: Node,
  needs: (input: number) => boolean,
  build: Build,
): readonly (Node | null)[] {
  const { operation, inputs } = node;
  return ruleOf(operation).derivative?.({ operation, inputs, output: node, gradient, needs }, build) ?? [];
}

/** Computes an operation into `output`. */
export function evaluateOperation(
  operation: Operation,
  inputs: readonly TensorData[],
  type: TensorType,
  output: Elements,
): void {
  ruleOf(operation).evaluate(operation, inputs, type, output);
}

function ruleOf<Name extends OperationName>(operation: OperationOf<Name>): OperationRule<Name> {
  return rules[operation.op];
}
