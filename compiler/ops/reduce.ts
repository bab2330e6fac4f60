import { elementCount, printType, type TensorType } from "../ir/types.ts";
import { type OperationRule, resolveAxis, type Saved } from "./rule.ts";

function reducedShape(input: TensorType, axes: readonly number[], keep: boolean): readonly number[] | string {
  const reduced = new Set<number>();
  for (const axis of axes) {
    const resolved = resolveAxis(axis, input.shape.length);
    if (resolved === null) return `${printType(input)} has no axis ${axis}`;
    if (reduced.has(resolved)) return `axis ${axis} is named twice`;
    reduced.add(resolved);
  }
  return input.shape.flatMap((size, index) => (reduced.has(index) ? (keep ? [1] : []) : [size]));
}

function reduction(saved: Saved): OperationRule<"sum" | "max"> {
  return {
    type: ({ axes, keep }, [input]) => {
      if (input === undefined || input.dtype === "bool") return "it needs a tensor of numbers";
      const shape = reducedShape(input, axes, keep);
      return typeof shape === "string" ? shape : { dtype: input.dtype, shape };
    },
    flops: (_, [input]) => (input === undefined ? 0 : elementCount(input)),
    saved,
  };
}

export const sum = reduction("nothing");
export const max = reduction("inputs");

export const argmax: OperationRule<"argmax"> = {
  type: ({ axis, keep }, [input]) => {
    if (input === undefined || input.dtype === "bool") return "it needs a tensor of numbers";
    const shape = reducedShape(input, [axis], keep);
    return typeof shape === "string" ? shape : { dtype: "i32", shape };
  },
  flops: (_, [input]) => (input === undefined ? 0 : elementCount(input)),
  saved: "nothing",
};

/** Softmax and its logarithm along an axis: subtract the largest, exponentiate, add up, divide. */
export const softmax: OperationRule<"softmax" | "log_softmax"> = {
  type: ({ axis }, [input]) => {
    if (input?.dtype !== "f32" && input?.dtype !== "bf16") return "it needs floating-point numbers";
    return resolveAxis(axis, input.shape.length) === null ? `${printType(input)} has no axis ${axis}` : input;
  },
  flops: (_, __, output) => 5 * elementCount(output),
  saved: "output",
};
