import { elementCount, printType } from "../ir/types.ts";
import { broadcastStrides, inputAt, sizeAlong, sizeAt, stridesOf, visit } from "./indexing.ts";
import { areAligned, areAlignedBeside, keepsReshaped, never } from "./rows.ts";
import { inputsAndResult, noBytes, noFlops, noInput, type OperationRule, resolveAxis, resultTwice } from "./rule.ts";
import { withShape } from "./uniform.ts";

export const reshape: OperationRule<"reshape"> = {
  isElementwise: false,
  ofUniform: "kept",
  movesElements: true,
  numbers: null,
  isRandom: false,
  keepsRows: keepsReshaped,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: withShape,
  shorterForm: ({ shape }, [input], _, build) => {
    const [inner] = input?.operation.op === "reshape" ? input.inputs : [];
    return inner === undefined ? null : build.reshape(inner, shape);
  },
  type: ({ shape }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const output = { dtype: input.dtype, shape };
    if (elementCount(output) === elementCount(input)) return output;
    return `${printType(input)} has ${elementCount(input)} elements and cannot become ${printType(output)}`;
  },
  isProduct: false,
  bytesMoved: noBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ inputs: [input], gradient }, build) =>
    input === undefined ? [] : [build.reshape(gradient, input.type.shape)],
  evaluate: (_, inputs, __, output) => output.set(inputAt(inputs, 0).data),
};

export const transpose: OperationRule<"transpose"> = {
  isElementwise: false,
  ofUniform: "kept",
  movesElements: true,
  numbers: null,
  isRandom: false,
  keepsRows: ({ operation: { permutation }, axis, axisOf }) => permutation[axis] === axisOf(0),
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: ({ permutation }, [input]) => (input !== undefined && keepsOrder(permutation) ? input : null),
  shorterForm: ({ permutation }, [input], _, build) => {
    const [inner] = input?.operation.op === "transpose" ? input.inputs : [];
    if (input?.operation.op !== "transpose" || inner === undefined) return null;
    const before = input.operation.permutation;
    const both = permutation.map((axis) => sizeAt(before, axis));
    return keepsOrder(both) ? inner : build.add({ op: "transpose", permutation: both }, inner);
  },
  type: ({ permutation }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const rank = input.shape.length;
    const isPermutation = permutation.length === rank && new Set(permutation).size === rank;
    const isOfAxes = permutation.every((axis) => resolveAxis(axis, rank) === axis);
    if (!isPermutation || !isOfAxes) return `[${permutation.join(", ")}] does not order ${rank} axes`;
    return { dtype: input.dtype, shape: permutation.map((axis) => sizeAt(input.shape, axis)) };
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ operation: { permutation }, gradient }, build) => [
    build.add({ op: "transpose", permutation: permutation.map((_, axis) => permutation.indexOf(axis)) }, gradient),
  ],
  evaluate: ({ permutation }, inputs, type, output) => {
    const { type: from, data } = inputAt(inputs, 0);
    const strides = stridesOf(from.shape);
    const moved = permutation.map((axis) => sizeAt(strides, axis));
    visit(type.shape, [moved], (place, [at = 0]) => {
      output[place] = data[at] ?? Number.NaN;
    });
  },
};

function keepsOrder(permutation: readonly number[]): boolean {
  return permutation.every((axis, index) => axis === index);
}

export const slice: OperationRule<"slice"> = {
  isElementwise: false,
  ofUniform: "kept",
  movesElements: true,
  numbers: null,
  isRandom: false,
  keepsRows: areAlignedBeside,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: (_, [input], type) =>
    input !== undefined && elementCount(input.type) === elementCount(type) ? input : null,
  shorterForm: null,
  type: ({ axis, from, to }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const resolved = resolveAxis(axis, input.shape.length);
    if (resolved === null) return `${printType(input)} has no axis ${axis}`;
    const size = sizeAt(input.shape, resolved);
    if (from < 0 || to < from || to > size) return `${from}..${to} is not within axis ${axis} of ${printType(input)}`;
    return { dtype: input.dtype, shape: input.shape.with(resolved, to - from) };
  },
  isProduct: false,
  bytesMoved: resultTwice,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ operation: { axis, from, to }, inputs: [input], gradient }, build) => {
    if (input === undefined) return [];
    const { shape } = input.type;
    const sliced = resolveAxis(axis, shape.length);
    const amounts = shape.map((size, each) => (each === sliced ? ([from, size - to] as const) : ([0, 0] as const)));
    return [build.add({ op: "pad", amounts }, gradient)];
  },
  evaluate: ({ axis, from }, inputs, type, output) => {
    const { type: whole, data } = inputAt(inputs, 0);
    const strides = stridesOf(whole.shape);
    const first = from * sizeAlong(strides, axis);
    visit(type.shape, [strides], (place, [at = 0]) => {
      output[place] = data[first + at] ?? Number.NaN;
    });
  },
};

export const concat: OperationRule<"concat"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: true,
  numbers: null,
  isRandom: false,
  keepsRows: areAlignedBeside,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
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
      size += sizeAt(input.shape, resolved);
    }
    return { dtype: first.dtype, shape: first.shape.with(resolved, size) };
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ operation: { axis }, inputs, gradient }, build) => {
    let from = 0;
    return inputs.map(({ type: { shape } }) => {
      const to = from + sizeAlong(shape, axis);
      const part = build.add({ op: "slice", axis, from, to }, gradient);
      from = to;
      return part;
    });
  },
  evaluate: ({ axis }, inputs, type, output) => {
    const strides = stridesOf(type.shape);
    const stride = sizeAlong(strides, axis);
    let first = 0;
    for (const { type: part, data } of inputs) {
      visit(part.shape, [strides], (place, [at = 0]) => {
        output[first + at] = data[place] ?? Number.NaN;
      });
      first += stride * sizeAlong(part.shape, axis);
    }
  },
};

export const pad: OperationRule<"pad"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: (context) =>
    areAligned(context) && context.operation.amounts[context.axis]?.every((amount) => amount === 0) === true,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: withShape,
  shorterForm: null,
  type: ({ amounts }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    if (amounts.length !== input.shape.length) {
      return `${printType(input)} needs ${input.shape.length} pairs of amounts, not ${amounts.length}`;
    }
    if (amounts.flat().some((amount) => amount < 0)) return "amounts are not negative";
    const shape = amounts.map(([before, after], axis) => sizeAt(input.shape, axis) + before + after);
    return { dtype: input.dtype, shape };
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ operation: { amounts }, inputs: [input], gradient }, build) => {
    if (input === undefined) return [];
    let inner = gradient;
    for (const [axis, [before, after]] of amounts.entries()) {
      if (before === 0 && after === 0) continue;
      inner = build.add({ op: "slice", axis, from: before, to: before + sizeAt(input.type.shape, axis) }, inner);
    }
    return [inner];
  },
  evaluate: ({ amounts }, inputs, type, output) => {
    const { type: inner, data } = inputAt(inputs, 0);
    const strides = stridesOf(type.shape);
    const first = amounts.reduce((sum, [before], axis) => sum + before * sizeAt(strides, axis), 0);
    output.fill(0);
    visit(inner.shape, [strides], (place, [at = 0]) => {
      output[first + at] = data[place] ?? Number.NaN;
    });
  },
};

export const broadcast: OperationRule<"broadcast"> = {
  isElementwise: false,
  ofUniform: "kept",
  movesElements: true,
  numbers: null,
  isRandom: false,
  keepsRows: areAligned,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: withShape,
  shorterForm: null,
  type: ({ shape }, [input]) => {
    if (input === undefined) return "it needs a tensor";
    const extra = shape.length - input.shape.length;
    const fits = extra >= 0 && input.shape.every((size, axis) => size === 1 || size === shape[axis + extra]);
    return fits ? { dtype: input.dtype, shape } : `${printType(input)} cannot be repeated to [${shape.join(", ")}]`;
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ inputs: [input], gradient }, build) =>
    input === undefined ? [] : [build.sumTo(gradient, input.type.shape)],
  evaluate: (_, inputs, type, output) => {
    const { type: from, data } = inputAt(inputs, 0);
    visit(type.shape, [broadcastStrides(from.shape, type.shape)], (place, [at = 0]) => {
      output[place] = data[at] ?? Number.NaN;
    });
  },
};
