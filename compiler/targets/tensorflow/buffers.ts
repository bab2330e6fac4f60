import {
  type BinaryName,
  byteCount,
  type CompareName,
  type Node,
  type OperationName,
  type OperationOf,
  type TensorType,
  type UnaryName,
} from "../../ir/index.ts";
import { convBytes, convInputBytes, convWeightBytes, paddedBytes } from "./convolution-buffers.ts";
import { shapesOf } from "./lower/index.ts";

/** Where TensorFlow puts the result of an operation, and what it takes besides while the operation runs. */
interface Buffers<Name extends OperationName> {
  /**
   * `new` memory; that of its first input, under another name or shape, or whole rows of it; or that of an input of the same
   * size that nothing else reads, which it is written over.
   */
  readonly result:
    | "new"
    | "first input"
    | "over an input"
    | ((operation: OperationOf<Name>, inputs: readonly TensorType[], type: TensorType) => "new" | "first input");
  /** Bytes beside inputs and result. */
  readonly scratchBytes: (operation: OperationOf<Name>, inputs: readonly TensorType[], type: TensorType) => number;
}

const none = (): number => 0;
const fresh = { result: "new", scratchBytes: none } as const;
const alias = { result: "first input", scratchBytes: none } as const;
const over = { result: "over an input", scratchBytes: none } as const;

const unary: { readonly [Name in UnaryName]: Buffers<Name> } = {
  neg: over,
  exp: over,
  log: over,
  sqrt: over,
  rsqrt: over,
  abs: over,
  sign: over,
  erf: over,
  tanh: over,
  sin: over,
  cos: over,
  floor: over,
  round: over,
};

const binary: { readonly [Name in BinaryName]: Buffers<Name> } = {
  add: over,
  sub: over,
  mul: over,
  div: over,
  maximum: over,
  minimum: over,
  pow: over,
};

const compare: { readonly [Name in CompareName]: Buffers<Name> } = {
  equal: fresh,
  not_equal: fresh,
  less: fresh,
  less_equal: fresh,
  greater: fresh,
  greater_equal: fresh,
};

/** Along another axis than the last it is computed in a transposed copy. */
const softmax: Buffers<"softmax" | "log_softmax"> = {
  result: "over an input",
  scratchBytes: ({ axis }, _, type) => (axis === -1 || axis === type.shape.length - 1 ? 0 : byteCount(type)),
};

/** Buffers of each operation; a name without them does not compile. */
const buffers: { readonly [Name in OperationName]: Buffers<Name> } = {
  input: fresh,
  parameter: fresh,
  constant: fresh,
  iota: fresh,
  drawn_places: fresh,
  drawn_normals: fresh,
  drawn_evenly: fresh,
  ...unary,
  ...binary,
  ...compare,
  floor_div: over,
  where: over,
  stop_gradient: alias,
  sum: fresh,
  max: fresh,
  argmax: fresh,
  cumsum: fresh,
  // The elements themselves, in their order or negated.
  argsort: {
    result: "new",
    scratchBytes: ({ descending }, [input], type) => byteCount(type) + (descending ? 0 : byteCount(input ?? type)),
  },
  softmax,
  log_softmax: softmax,
  matmul: fresh,
  reshape: alias,
  broadcast: fresh,
  transpose: fresh,
  slice: {
    result: ({ axis }, _, { shape }) => (axis === 0 || axis === -shape.length ? "first input" : "new"),
    scratchBytes: none,
  },
  concat: { result: (_, inputs) => (inputs.length === 1 ? "first input" : "new"), scratchBytes: none },
  pad: fresh,
  gather: fresh,
  gather_along: fresh,
  scatter_add: fresh,
  one_hot: fresh,
  svd: fresh,
  cast: fresh,
  dropout: fresh,
  draw: fresh,
  random_uniform: fresh,
  conv: {
    result: "new",
    scratchBytes: (operation, [input, weight], type) =>
      input === undefined || weight === undefined
        ? 0
        : convBytes(shapesOf(operation, input.shape, weight.shape, type.shape)),
  },
  conv_input: {
    result: "new",
    scratchBytes: (operation, [gradient, weight], type) =>
      gradient === undefined || weight === undefined
        ? 0
        : convInputBytes(shapesOf(operation, type.shape, weight.shape, gradient.shape)),
  },
  conv_weight: {
    result: "new",
    scratchBytes: (operation, [input, gradient], type) =>
      input === undefined || gradient === undefined
        ? 0
        : convWeightBytes(shapesOf(operation, input.shape, type.shape, gradient.shape)),
  },
  max_pool: { result: "new", scratchBytes: (pool, [input], type) => paddedBytes(pool, input ?? type) },
  // The pool once more, and what oneDNN notes of it.
  max_pool_input: {
    result: "new",
    scratchBytes: (pool, [, gradient], type) => 2 * paddedBytes(pool, type) + 2 * byteCount(gradient ?? type),
  },
  avg_pool: { result: "new", scratchBytes: (pool, [input], type) => paddedBytes(pool, input ?? type) },
  avg_pool_input: { result: "new", scratchBytes: (pool, _, type) => paddedBytes(pool, type) },
};

function buffersFor<Name extends OperationName>({ op }: OperationOf<Name>): Buffers<Name> {
  return buffers[op];
}

/** Where the result of a node is put. */
export function resultOf({ operation, inputs, type }: Node): "new" | "first input" | "over an input" {
  const { result } = buffersFor(operation);
  if (typeof result === "string") return result;
  return result(
    operation,
    inputs.map((input) => input.type),
    type,
  );
}

/** Bytes that an operation takes beside its inputs and its result while it runs. */
export function scratchBytes({ operation, inputs, type }: Node): number {
  return buffersFor(operation).scratchBytes(
    operation,
    inputs.map((input) => input.type),
    type,
  );
}
