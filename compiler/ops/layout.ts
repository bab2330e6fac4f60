import { elementCount, printType } from "../ir/types.ts";
import { noFlops, type OperationRule, resolveAxis } from "./rule.ts";

export const reshape: OperationRule<"reshape"> = {
  type: ({ shape }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const output = { dtype: input.dtype, shape };
    if (elementCount(output) === elementCount(input)) return output;
    return `${printType(input)} has ${elementCount(input)} elements and cannot become ${printType(output)}`;
  },
  flops: noFlops,
  saved: "nothing",
};

export const transpose: OperationRule<"transpose"> = {
  type: ({ permutation }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const rank = input.shape.length;
    const isPermutation = permutation.length === rank && new Set(permutation).size === rank;
    const shape = permutation.map((axis) => input.shape[axis]);
    if (!isPermutation || shape.includes(undefined)) return `[${permutation.join(", ")}] does not order ${rank} axes`;
    return { dtype: input.dtype, shape: shape.map((size) => size ?? 0) };
  },
  flops: noFlops,
  saved: "nothing",
};

export const slice: OperationRule<"slice"> = {
  type: ({ axis, from, to }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const resolved = resolveAxis(axis, input.shape.length);
    if (resolved === null) return `${printType(input)} has no axis ${axis}`;
    const size = input.shape[resolved] ?? 0;
    if (from < 0 || to < from || to > size) return `${from}..${to} is not within axis ${axis} of ${printType(input)}`;
    return { dtype: input.dtype, shape: input.shape.with(resolved, to - from) };
  },
  flops: noFlops,
  saved: "nothing",
};

export const concat: OperationRule<"concat"> = {
  type: ({ axis }, inputs) => {
    const [first] = inputs;
    if (first === undefined) return "it needs at least one tensor";
    const resolved = resolveAxis(axis, first.shape.length);
    if (resolved === null) return `${printType(first)} has no axis ${axis}`;
    let size = 0;
    for (const input of inputs) {
      const fits =
        input.dtype === first.dtype &&
        input.shape.length === first.shape.length &&
        input.shape.every((each, index) => index === resolved || each === first.shape[index]);
      if (!fits) return `${printType(first)} and ${printType(input)} differ in more than axis ${axis}`;
      size += input.shape[resolved] ?? 0;
    }
    return { dtype: first.dtype, shape: first.shape.with(resolved, size) };
  },
  flops: noFlops,
  saved: "nothing",
};

export const pad: OperationRule<"pad"> = {
  type: ({ amounts }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    if (amounts.length !== input.shape.length) {
      return `${printType(input)} needs ${input.shape.length} pairs of amounts, not ${amounts.length}`;
    }
    if (amounts.flat().some((amount) => amount < 0)) return "amounts are not negative";
    const shape = input.shape.map((size, index) => size + (amounts[index]?.[0] ?? 0) + (amounts[index]?.[1] ?? 0));
    return { dtype: input.dtype, shape };
  },
  flops: noFlops,
  saved: "nothing",
};
