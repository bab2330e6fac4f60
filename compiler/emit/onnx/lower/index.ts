import type { Operation, OperationName, OperationOf, TensorType } from "../../../ir/types.ts";
import type { Lowering, Target, Value } from "./context.ts";
import { depthwiseConv3d, depthwiseConv3dWeight } from "./convolution.ts";
import { cast, elementwise, stopGradient, where } from "./elementwise.ts";
import {
  broadcast,
  concat,
  constant,
  gather,
  iota,
  oneHot,
  pad,
  reshape,
  scatterAdd,
  slice,
  transpose,
} from "./layout.ts";
import { matmul } from "./products.ts";
import { randomUniform } from "./random.ts";
import { argmax, logSoftmax, max, softmax, sum } from "./reductions.ts";

export { dataTypes, type Target, type Value } from "./context.ts";

/** What is computed from other values; what is given to a program is not. */
type Computed = Exclude<OperationName, "input" | "parameter" | "dropout">;

/** How each operation is said in ONNX; a name without a rule does not compile. */
const lowerings: { readonly [Name in Computed]: Lowering<Name> } = {
  constant,
  iota,
  ...elementwise,
  where,
  stop_gradient: stopGradient,
  sum,
  max,
  argmax,
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
  scatter_add: scatterAdd,
  one_hot: oneHot,
  cast,
  random_uniform: randomUniform,
  depthwise_conv3d: depthwiseConv3d,
  depthwise_conv3d_weight: depthwiseConv3dWeight,
};

/** Inputs and parameters are given to a program, and dropout is sampled or left out before anything is lowered. */
export function isComputed(operation: Operation): operation is { [Name in Computed]: OperationOf<Name> }[Computed] {
  return operation.op !== "input" && operation.op !== "parameter" && operation.op !== "dropout";
}

/** Says an operation in ONNX; gives the name of its result. */
export function lower<Name extends Computed>(
  operation: OperationOf<Name>,
  inputs: readonly Value[],
  type: TensorType,
  target: Target,
): string {
  const lowering: Lowering<Name> = lowerings[operation.op];
  return lowering(operation, inputs, type, target);
}
