export { resolveAxis } from "./rule.ts";

import type { Operation, OperationName, OperationOf, TensorType } from "../ir/types.ts";
import { depthwiseConv3d } from "./convolution.ts";
import { binaryRules, cast, compareRules, dropout, stopGradient, unaryRules, where } from "./elementwise.ts";
import { gather, oneHot } from "./gather.ts";
import { concat, pad, reshape, slice, transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { argmax, max, softmax, sum } from "./reduce.ts";
import type { OperationRule, Saved } from "./rule.ts";
import { given, iota } from "./source.ts";

/** Every operation there is; a name without a rule does not compile. */
const rules: { readonly [Name in OperationName]: OperationRule<Name> } = {
  input: given,
  parameter: given,
  constant: given,
  iota,
  ...unaryRules,
  ...binaryRules,
  ...compareRules,
  where,
  stop_gradient: stopGradient,
  sum,
  max,
  argmax,
  softmax,
  log_softmax: softmax,
  matmul,
  reshape,
  transpose,
  slice,
  concat,
  pad,
  gather,
  one_hot: oneHot,
  cast,
  dropout,
  depthwise_conv3d: depthwiseConv3d,
};

/** The type of what an operation gives, or in words why it cannot be applied. */
export function inferType(operation: Operation, inputs: readonly TensorType[]): TensorType | string {
  return ruleOf(operation).type(operation, inputs);
}

/** Floating-point operations of one operation in the forward pass. */
export function flopsOf(operation: Operation, inputs: readonly TensorType[], output: TensorType): number {
  return ruleOf(operation).flops(operation, inputs, output);
}

/** What the backward pass of an operation reads again. */
export function savedBy(operation: Operation): Saved {
  return ruleOf(operation).saved;
}

function ruleOf<Name extends OperationName>(operation: OperationOf<Name>): OperationRule<Name> {
  return rules[operation.op];
}
