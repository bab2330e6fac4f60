import type { OperationOf } from "../../../ir/index.ts";
import { at, filledTo } from "../../lowering/index.ts";
import { type Attributes, typeAttribute } from "../graphdef.ts";
import type { Lowering, Target } from "./context.ts";
import { inF32, padWith, sliceOf, viewAs } from "./floats.ts";

type Pool = OperationOf<"max_pool" | "max_pool_input" | "avg_pool" | "avg_pool_input">;

export const maxPool: Lowering<"max_pool"> = inF32((operation, inputs, type, target) => {
  const pool = poolOf(operation, at(inputs, 0).type.shape);
  const read = lowest(at(inputs, 0).name, at(inputs, 0).type.shape, pool, target);
  return viewAs(target.add(pool.over === 2 ? "MaxPool" : "MaxPool3D", [read], pool.attributes), type.shape, target);
});

/**
 * Over two axes at a time: there the first of several largest elements takes the gradient, on every processor, which over
 * three it does with oneDNN alone. After the pools themselves once more, with which oneDNN finds the largest again a hundred
 * times faster.
 */
export const maxPoolInput: Lowering<"max_pool_input"> = inF32((operation, inputs, type, target) => {
  const [input, gradient] = [at(inputs, 0), at(inputs, 1)];
  const pool = poolOf(operation, type.shape);
  const read = lowest(input.name, type.shape, pool, target);
  const [batch = 1, ...sizes] = pool.padded;
  const channels = sizes.pop() ?? 1;
  const [time = 1, height = 1, width = 1] = filledTo(3, sizes, 1);
  const [timesOut = 1, rowsOut = 1, columnsOut = 1] = filledTo(3, gradient.type.shape.slice(1, -1), 1);
  const [deep = 1, high = 1, wide = 1] = filledTo(3, operation.kernel, 1);
  const [step = 1, down = 1, along = 1] = filledTo(3, operation.stride, 1);
  const within = flatPool([high, wide], [down, along]);
  const frames = viewAs(read, [batch * time, height, width, channels], target);
  const largest = target.add("MaxPool", [frames], within);
  const slopes =
    pool.over === 2
      ? gradient.name
      : gradientOverTimes(
          viewAs(largest, [batch, time, rowsOut * columnsOut, channels], target),
          viewAs(gradient.name, [batch, timesOut, rowsOut * columnsOut, channels], target),
          flatPool([deep, 1], [step, 1]),
          target,
        );
  const framed = viewAs(slopes, [batch * time, rowsOut, columnsOut, channels], target);
  const name = target.add("MaxPoolGrad", [frames, largest, framed], within);
  return inner(viewAs(name, pool.padded, target), pool, type.shape, target);
});

function gradientOverTimes(input: string, gradient: string, attributes: Attributes, target: Target): string {
  return target.add("MaxPoolGrad", [input, target.add("MaxPool", [input], attributes), gradient], attributes);
}

export const avgPool: Lowering<"avg_pool"> = inF32((operation, inputs, type, target) => {
  const input = at(inputs, 0);
  const pool = poolOf(operation, input.type.shape);
  const read = padWith(viewAs(input.name, pool.wide(input.type.shape), target), pool.amounts, 0, target);
  return viewAs(target.add(pool.over === 2 ? "AvgPool" : "AvgPool3D", [read], pool.attributes), type.shape, target);
});

export const avgPoolInput: Lowering<"avg_pool_input"> = inF32((operation, inputs, type, target) => {
  const gradient = at(inputs, 0);
  const pool = poolOf(operation, type.shape);
  const slopes = viewAs(gradient.name, pool.wide(gradient.type.shape), target);
  const name = target.add(
    pool.over === 2 ? "AvgPoolGrad" : "AvgPool3DGrad",
    [target.list(pool.padded), slopes],
    pool.attributes,
  );
  return inner(name, pool, type.shape, target);
});

interface PoolForm {
  readonly over: 2 | 3;
  readonly attributes: Attributes;
  readonly amounts: readonly (readonly [number, number])[];
  /** The shape of the input with its padding. */
  readonly padded: readonly number[];
  /** [batch, ..., channels] with as many axes between as the kernel moves over. */
  readonly wide: (shape: readonly number[]) => readonly number[];
}

/** The attributes of a pool over two axes, without padding. */
function flatPool(kernel: readonly number[], stride: readonly number[]): Attributes {
  return {
    T: typeAttribute("f32"),
    ksize: { kind: "ints", values: [1, ...kernel, 1] },
    strides: { kind: "ints", values: [1, ...stride, 1] },
    padding: { kind: "string", value: "VALID" },
    data_format: { kind: "string", value: "NHWC" },
  };
}

/** TensorFlow's pools take no amounts of padding on processors, and leave padding out of means: it is put around the input. */
function poolOf({ kernel, stride, padding }: Pool, input: readonly number[]): PoolForm {
  const over = kernel.length === 3 ? 3 : 2;
  const none = [0, 0] as const;
  const wide = (shape: readonly number[]) => [
    shape[0] ?? 1,
    ...filledTo(over, shape.slice(1, -1), 1),
    shape.at(-1) ?? 1,
  ];
  const amounts = [none, ...filledTo(over, padding, none), none];
  return {
    over,
    wide,
    amounts,
    padded: wide(input).map((size, axis) => size + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0)),
    attributes: {
      T: typeAttribute("f32"),
      ksize: { kind: "ints", values: [1, ...filledTo(over, kernel, 1), 1] },
      strides: { kind: "ints", values: [1, ...filledTo(over, stride, 1), 1] },
      padding: { kind: "string", value: "VALID" },
      data_format: { kind: "string", value: over === 2 ? "NHWC" : "NDHWC" },
    },
  };
}

/** The input with padding that is never the largest. */
function lowest(name: string, shape: readonly number[], { wide, amounts }: PoolForm, target: Target): string {
  return padWith(viewAs(name, wide(shape), target), amounts, Number.NEGATIVE_INFINITY, target);
}

function inner(name: string, { amounts, wide }: PoolForm, shape: readonly number[], target: Target): string {
  const isWhole = amounts.every(([before, after]) => before === 0 && after === 0);
  const part = isWhole
    ? name
    : sliceOf(
        name,
        amounts.map(([before]) => before),
        wide(shape),
        target,
      );
  return viewAs(part, shape, target);
}
