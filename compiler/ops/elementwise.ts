import {
  type BinaryName,
  type CompareName,
  elementCount,
  printType,
  type TensorType,
  type UnaryName,
} from "../ir/types.ts";
import { noFlops, type OperationRule, type Saved } from "./rule.ts";

/** The common shape of broadcasting (NumPy's rules): sizes are equal from the end, or one of them is 1; or null. */
function broadcastShapes(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let index = 0; index < rank; index++) {
    const sizeA = a[index - rank + a.length] ?? 1;
    const sizeB = b[index - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) return null;
    shape.push(sizeA === 1 ? sizeB : sizeA);
  }
  return shape;
}

function broadcast(a: TensorType, b: TensorType): readonly number[] | string {
  return (
    broadcastShapes(a.shape, b.shape) ??
    `${printType(a)} and ${printType(b)} do not go together: from the last axis on, sizes must be equal or 1`
  );
}

function pair(inputs: readonly TensorType[]): readonly [TensorType, TensorType] | string {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return "it needs two tensors";
  return a.dtype === b.dtype ? [a, b] : `${printType(a)} and ${printType(b)} have different element types; use cast`;
}

function unary(saved: Saved): OperationRule<UnaryName> {
  return {
    type: (_, [input]) => {
      if (input === undefined) return "it needs a tensor";
      return input.dtype === "bool" ? "it needs numbers, not booleans" : input;
    },
    flops: (_, __, output) => elementCount(output),
    saved,
  };
}

function binary(saved: Saved): OperationRule<BinaryName> {
  return {
    type: (_, inputs) => {
      const types = pair(inputs);
      if (typeof types === "string") return types;
      const [a, b] = types;
      if (a.dtype === "bool") return "it needs numbers, not booleans";
      const shape = broadcast(a, b);
      return typeof shape === "string" ? shape : { dtype: a.dtype, shape };
    },
    flops: (_, __, output) => elementCount(output),
    saved,
  };
}

const compare: OperationRule<CompareName> = {
  type: (_, inputs) => {
    const types = pair(inputs);
    if (typeof types === "string") return types;
    const shape = broadcast(...types);
    return typeof shape === "string" ? shape : { dtype: "bool", shape };
  },
  flops: (_, __, output) => elementCount(output),
  saved: "nothing",
};

export const unaryRules: { readonly [Name in UnaryName]: OperationRule<UnaryName> } = {
  neg: unary("nothing"),
  exp: unary("output"),
  log: unary("inputs"),
  sqrt: unary("output"),
  rsqrt: unary("output"),
  abs: unary("inputs"),
  sign: unary("nothing"),
  erf: unary("inputs"),
  tanh: unary("output"),
  sin: unary("inputs"),
  cos: unary("inputs"),
};

export const binaryRules: { readonly [Name in BinaryName]: OperationRule<BinaryName> } = {
  add: binary("nothing"),
  sub: binary("nothing"),
  mul: binary("inputs"),
  div: binary("inputs"),
  maximum: binary("inputs"),
  minimum: binary("inputs"),
  pow: binary("inputs"),
};

export const compareRules: { readonly [Name in CompareName]: OperationRule<CompareName> } = {
  equal: compare,
  not_equal: compare,
  less: compare,
  less_equal: compare,
  greater: compare,
  greater_equal: compare,
};

/** where(condition, a, b) */
export const where: OperationRule<"where"> = {
  type: (_, [condition, ...values]) => {
    if (condition?.dtype !== "bool") return "its condition must be of booleans";
    const types = pair(values);
    if (typeof types === "string") return types;
    const shape = broadcast(...types);
    if (typeof shape === "string") return shape;
    const whole = broadcast(condition, { dtype: "bool", shape });
    return typeof whole === "string" ? whole : { dtype: types[0].dtype, shape: whole };
  },
  flops: (_, __, output) => elementCount(output),
  saved: "inputs",
};

export const cast: OperationRule<"cast"> = {
  type: ({ dtype }, [input]) => (input === undefined ? "it needs a tensor" : { dtype, shape: input.shape }),
  flops: noFlops,
  saved: "nothing",
};

export const stopGradient: OperationRule<"stop_gradient"> = {
  type: (_, [input]) => input ?? "it needs a tensor",
  flops: noFlops,
  saved: "nothing",
};

export const dropout: OperationRule<"dropout"> = {
  type: ({ rate }, [input]) => {
    if (input?.dtype !== "f32" && input?.dtype !== "bf16") return "it needs floating-point numbers";
    return rate >= 0 && rate < 1 ? input : `its rate ${rate} is not a probability below 1`;
  },
  flops: (_, __, output) => 2 * elementCount(output),
  saved: "inputs",
};
