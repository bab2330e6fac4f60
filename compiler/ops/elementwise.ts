import { erf } from "../erf.ts";
import type { Build } from "../ir/build.ts";
import {
  type BinaryName,
  type CompareName,
  elementCount,
  type Node,
  printType,
  type TensorType,
  type UnaryName,
} from "../ir/types.ts";
import { roundHalfToEven } from "./functions.ts";
import { inputAt, mapBroadcast } from "./indexing.ts";
import { areAligned, never } from "./rows.ts";
import { noBytes, noFlops, noInput, type OperationRule, type Saved, timedByBytes } from "./rule.ts";
import { besideNeutral, uniformValue } from "./uniform.ts";

const always = (): boolean => true;

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

function broadcastTypes(a: TensorType, b: TensorType): readonly number[] | string {
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

/** The gradient of a function of one number: from x, y = f(x) and the gradient of y. */
type UnaryDerivative = (x: Node, y: Node, gradient: Node, build: Build) => Node;

/** What all operations on elements have in common. */
const elementwise = {
  ...timedByBytes,
  isElementwise: true,
  ofUniform: "computed",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: areAligned,
  isRowWise: always,
} as const;

/** The type of a function of floating-point numbers, which no target has of whole numbers. */
function floats(input: TensorType): TensorType | string {
  if (input.dtype === "f32" || input.dtype === "bf16") return input;
  return `it needs floating-point numbers, not ${printType(input)}; use cast`;
}

function numbers(input: TensorType): TensorType | string {
  return input.dtype === "bool" ? "it needs numbers, not booleans" : input;
}

function unary(
  saved: Saved,
  form: Pick<OperationRule<UnaryName>, "isMultilinear" | "shorterForm">,
  compute: (x: number) => number,
  derivative: UnaryDerivative | null,
  typeOf: (input: TensorType) => TensorType | string = floats,
): OperationRule<UnaryName> {
  return {
    ...elementwise,
    ...form,
    isOfScores: false,
    isCheap: false,
    equalInput: noInput,
    type: (_, [input]) => (input === undefined ? "it needs a tensor" : typeOf(input)),
    flops: (_, __, output) => elementCount(output),
    saved,
    derivative:
      derivative === null
        ? null
        : ({ inputs: [x], output, gradient }, build) => [
            x === undefined ? null : derivative(x, output, gradient, build),
          ],
    evaluate: (_, inputs, __, output) => {
      const { data } = inputAt(inputs, 0);
      for (let place = 0; place < output.length; place++) output[place] = compute(data[place] ?? Number.NaN);
    },
  };
}

const nonlinear = { isMultilinear: false, shorterForm: null };

export const unaryRules: { readonly [Name in UnaryName]: OperationRule<UnaryName> } = {
  neg: unary(
    "nothing",
    {
      isMultilinear: true,
      shorterForm: (_, [input]) => (input?.operation.op === "neg" ? (input.inputs[0] ?? null) : null),
    },
    (x) => -x,
    (_, __, g, b) => b.add({ op: "neg" }, g),
    numbers,
  ),
  exp: unary("output", nonlinear, Math.exp, (_, y, g, b) => b.mul(g, y)),
  log: unary("inputs", nonlinear, Math.log, (x, _, g, b) => b.add({ op: "div" }, g, x)),
  sqrt: unary("output", nonlinear, Math.sqrt, (_, y, g, b) => b.add({ op: "div" }, b.mul(g, 0.5), y)),
  rsqrt: unary(
    "output",
    nonlinear,
    (x) => 1 / Math.sqrt(x),
    (_, y, g, b) => b.mul(b.mul(g, -0.5), b.mul(y, b.mul(y, y))),
  ),
  abs: unary("inputs", nonlinear, Math.abs, (x, _, g, b) => b.mul(g, b.add({ op: "sign" }, x)), numbers),
  sign: unary("nothing", nonlinear, Math.sign, null, numbers),
  erf: unary("inputs", nonlinear, erf, (x, _, g, b) =>
    b.mul(b.mul(g, 2 / Math.sqrt(Math.PI)), b.add({ op: "exp" }, b.add({ op: "neg" }, b.mul(x, x)))),
  ),
  tanh: unary("output", nonlinear, Math.tanh, (_, y, g, b) => b.add({ op: "sub" }, g, b.mul(g, b.mul(y, y)))),
  sin: unary("inputs", nonlinear, Math.sin, (x, _, g, b) => b.mul(g, b.add({ op: "cos" }, x))),
  cos: unary("inputs", nonlinear, Math.cos, (x, _, g, b) => b.mul(b.add({ op: "neg" }, g), b.add({ op: "sin" }, x))),
  // Level between their steps.
  floor: unary("nothing", nonlinear, Math.floor, null),
  round: unary("nothing", nonlinear, roundHalfToEven, null),
};

export const floorDiv: OperationRule<"floor_div"> = {
  ...elementwise,
  ...nonlinear,
  isOfScores: false,
  isCheap: false,
  equalInput: ({ divisor }, [input]) => (divisor === 1 ? (input ?? null) : null),
  type: ({ divisor }, [input]) => {
    if (input?.dtype !== "i32") return "it needs whole numbers";
    return Number.isSafeInteger(divisor) && divisor !== 0 ? input : `${divisor} is not a whole number other than 0`;
  },
  flops: (_, __, output) => elementCount(output),
  saved: "nothing",
  derivative: null,
  evaluate: ({ divisor }, inputs, _, output) => {
    const { data } = inputAt(inputs, 0);
    for (let place = 0; place < output.length; place++)
      output[place] = Math.floor((data[place] ?? Number.NaN) / divisor);
  },
};

/**
 * The gradients of both operands in the shape of the output; the rule sums them to the operands' own. Null for the second
 * where the first has all of it.
 */
type BinaryDerivative = (
  a: Node,
  b: Node,
  y: Node,
  gradient: Node,
  build: Build,
) => readonly [() => Node, (() => Node) | null];

function binary(
  saved: Saved,
  form: Pick<OperationRule<BinaryName>, "isOfScores" | "isCheap" | "isMultilinear" | "equalInput" | "shorterForm">,
  compute: (a: number, b: number) => number,
  derivative: BinaryDerivative,
): OperationRule<BinaryName> {
  return {
    ...elementwise,
    ...form,
    type: (_, inputs) => {
      const types = pair(inputs);
      if (typeof types === "string") return types;
      const [a, b] = types;
      if (a.dtype === "bool") return "it needs numbers, not booleans";
      const shape = broadcastTypes(a, b);
      return typeof shape === "string" ? shape : { dtype: a.dtype, shape };
    },
    flops: (_, __, output) => elementCount(output),
    saved,
    derivative: ({ inputs: [a, b], output, gradient, needs }, build) => {
      if (a === undefined || b === undefined) return [];
      const [first, second] = derivative(a, b, output, gradient, build);
      return [
        needs(0) ? build.sumTo(first(), a.type.shape) : null,
        needs(1) && second !== null ? build.sumTo(second(), b.type.shape) : null,
      ];
    },
    evaluate: (_, inputs, type, output) => mapBroadcast(inputs, type, output, (a = 0, b = 0) => compute(a, b)),
  };
}

/** Of the larger and the smaller the one that was taken gets the gradient; of two equals, each gets half. */
function chosen(op: "greater" | "less"): BinaryDerivative {
  const share = (a: Node, b: Node, gradient: Node, build: Build): Node => {
    const taken = build.add({ op: "cast", dtype: gradient.type.dtype }, build.add({ op }, a, b));
    const equal = build.add({ op: "cast", dtype: gradient.type.dtype }, build.add({ op: "equal" }, a, b));
    return build.mul(gradient, build.add({ op: "add" }, taken, build.mul(equal, 0.5)));
  };
  return (a, b, _, g, build) => [() => share(a, b, g, build), () => share(b, a, g, build)];
}

const cheap = { isOfScores: true, isCheap: true, isMultilinear: false, shorterForm: null };
const costly = { isOfScores: false, isCheap: false, isMultilinear: false, equalInput: noInput, shorterForm: null };

/** x * c * d is x * (c d). */
function oneFactor([product, outer]: readonly Node[], build: Build): Node | null {
  if (product?.operation.op !== "mul" || outer?.type.shape.length !== 0) return null;
  const [value, inner] = product.inputs;
  const [one, other] = [uniformValue(inner), uniformValue(outer)];
  if (value === undefined || one === null || other === null || inner?.type.shape.length !== 0) return null;
  return build.mul(value, other * one);
}

const power: OperationRule<BinaryName> = binary(
  "inputs",
  costly,
  (a, b) => a ** b,
  (a, b, y, g, build) => [
    () => {
      const less = build.add({ op: "sub" }, b, build.constant(1, b.type.dtype));
      return build.mul(g, build.mul(b, build.add({ op: "pow" }, a, less)));
    },
    () => build.mul(g, build.mul(y, build.add({ op: "log" }, a))),
  ],
);

export const binaryRules: { readonly [Name in BinaryName]: OperationRule<BinaryName> } = {
  add: binary(
    "nothing",
    { ...cheap, equalInput: (_, inputs, type) => besideNeutral(0, inputs, type, true) },
    (a, b) => a + b,
    (_, __, ___, g) => [() => g, () => g],
  ),
  sub: binary(
    "nothing",
    { ...cheap, equalInput: (_, inputs, type) => besideNeutral(0, inputs, type, false) },
    (a, b) => a - b,
    (_, __, ___, g, build) => [() => g, () => build.add({ op: "neg" }, g)],
  ),
  mul: binary(
    "inputs",
    {
      ...cheap,
      isMultilinear: true,
      equalInput: (_, inputs, type) => besideNeutral(1, inputs, type, true),
      shorterForm: (_, inputs, __, build) => oneFactor(inputs, build),
    },
    (a, b) => a * b,
    // A square passes everything on by its first operand, with one product for both.
    (a, b, _, g, build) =>
      a === b ? [() => build.mul(build.mul(g, 2), a), null] : [() => build.mul(g, b), () => build.mul(g, a)],
  ),
  div: binary(
    "inputs",
    { ...costly, equalInput: (_, inputs, type) => besideNeutral(1, inputs, type, false) },
    (a, b) => a / b,
    (_, b, y, g, build) => [
      () => build.add({ op: "div" }, g, b),
      () => build.add({ op: "neg" }, build.add({ op: "div" }, build.mul(g, y), b)),
    ],
  ),
  maximum: binary("inputs", costly, Math.max, chosen("greater")),
  minimum: binary("inputs", costly, Math.min, chosen("less")),
  pow: {
    ...power,
    // Of whole numbers, targets differ where an exponent is negative.
    type: (operation, inputs) => {
      const type = power.type(operation, inputs);
      return typeof type === "string" ? type : floats(type);
    },
  },
};

function compare(compute: (a: number, b: number) => boolean): OperationRule<CompareName> {
  return {
    ...elementwise,
    isOfScores: false,
    isCheap: false,
    isMultilinear: false,
    equalInput: noInput,
    shorterForm: null,
    type: (_, inputs) => {
      const types = pair(inputs);
      if (typeof types === "string") return types;
      const shape = broadcastTypes(...types);
      return typeof shape === "string" ? shape : { dtype: "bool", shape };
    },
    flops: (_, __, output) => elementCount(output),
    saved: "nothing",
    derivative: null,
    evaluate: (_, inputs, type, output) => mapBroadcast(inputs, type, output, (a = 0, b = 0) => Number(compute(a, b))),
  };
}

export const compareRules: { readonly [Name in CompareName]: OperationRule<CompareName> } = {
  equal: compare((a, b) => a === b),
  not_equal: compare((a, b) => a !== b),
  less: compare((a, b) => a < b),
  less_equal: compare((a, b) => a <= b),
  greater: compare((a, b) => a > b),
  greater_equal: compare((a, b) => a >= b),
};

/** where(condition, a, b) */
export const where: OperationRule<"where"> = {
  isElementwise: true,
  ofUniform: "computed",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: areAligned,
  isRowWise: always,
  isOfScores: true,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: (_, [condition, ...values]) => {
    if (condition?.dtype !== "bool") return "its condition must be of booleans";
    const types = pair(values);
    if (typeof types === "string") return types;
    const shape = broadcastTypes(...types);
    if (typeof shape === "string") return shape;
    const whole = broadcastTypes(condition, { dtype: "bool", shape });
    return typeof whole === "string" ? whole : { dtype: types[0].dtype, shape: whole };
  },
  ...timedByBytes,
  flops: (_, __, output) => elementCount(output),
  saved: "inputs",
  derivative: ({ inputs: [condition, a, b], gradient, needs }, build) => {
    if (condition === undefined || a === undefined || b === undefined) return [];
    const zero = build.constant(0, gradient.type.dtype);
    return [
      null,
      needs(1) ? build.sumTo(build.add({ op: "where" }, condition, gradient, zero), a.type.shape) : null,
      needs(2) ? build.sumTo(build.add({ op: "where" }, condition, zero, gradient), b.type.shape) : null,
    ];
  },
  evaluate: (_, inputs, type, output) =>
    mapBroadcast(inputs, type, output, (condition = 0, a = 0, b = 0) => (condition === 0 ? b : a)),
};

export const cast: OperationRule<"cast"> = {
  isElementwise: true,
  ofUniform: "computed",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: areAligned,
  isRowWise: always,
  isOfScores: true,
  isCheap: false,
  // To whole numbers it is not, and to fewer digits it rounds.
  isMultilinear: false,
  equalInput: ({ dtype }, [input]) => (input?.type.dtype === dtype ? input : null),
  shorterForm: null,
  type: ({ dtype }, [input]) => (input === undefined ? "it needs a tensor" : { dtype, shape: input.shape }),
  ...timedByBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: ({ inputs: [input], gradient }, build) => {
    if (input?.type.dtype !== "f32" && input?.type.dtype !== "bf16") return [null];
    return [build.add({ op: "cast", dtype: input.type.dtype }, gradient)];
  },
  evaluate: ({ dtype }, inputs, _, output) => {
    const { data } = inputAt(inputs, 0);
    for (let place = 0; place < output.length; place++) {
      const value = data[place] ?? Number.NaN;
      output[place] = dtype === "i32" ? Math.trunc(value) : dtype === "bool" ? Number(value !== 0) : value;
    }
  },
};

export const stopGradient: OperationRule<"stop_gradient"> = {
  isElementwise: false,
  ofUniform: "kept",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: areAligned,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: (_, [input]) => input ?? null,
  shorterForm: null,
  type: (_, [input]) => input ?? "it needs a tensor",
  isProduct: false,
  bytesMoved: noBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: (_, inputs, __, output) => output.set(inputAt(inputs, 0).data),
};
