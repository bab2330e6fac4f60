import type { TensorType } from "../../../ir/index.ts";
import { at } from "../../lowering/index.ts";
import { type Attribute, typeAttribute } from "../graphdef.ts";
import { elementType, type Lowering, reshapeTo, type Target } from "./context.ts";

type Amounts = readonly (readonly [before: number, after: number])[];

const one: Attribute = { kind: "ints", values: [1, 1, 1, 1] };
const i32 = typeAttribute("i32");

/**
 * TensorFlow has depthwise convolutions over two axes only. A kernel of several times is one over height and width for
 * each of its times, and their sum, each shifted by its time.
 */
export const depthwiseConv3d: Lowering<"depthwise_conv3d"> = ({ padding, flip }, inputs, type, target) => {
  const input = at(inputs, 0);
  const weight = at(inputs, 1);
  const { dtype } = type;
  const [dim = 0, , times = 0, height = 0, width = 0] = weight.type.shape;
  const [batch = 0, timeOut = 0, heightOut = 0, widthOut = 0] = type.shape;
  const [, timeIn = 0, heightIn = 0, widthIn = 0] = input.type.shape;
  const taps = target.add(
    "Transpose",
    [reshapeTo(weight.name, dtype, [dim, times, height, width], target), target.list([1, 2, 3, 0])],
    { T: typeAttribute(dtype), Tperm: i32 },
  );
  const kernels = flip
    ? target.add("ReverseV2", [taps, target.list([0, 1, 2])], { T: typeAttribute(dtype), Tidx: i32 })
    : taps;
  const parts: string[] = [];
  for (let time = 0; time < times; time++) {
    const { shift, from, to } = reachOf(time, padding, timeIn, timeOut);
    if (to <= from) continue;
    const frames = sliceTimes(input.name, input.type, from + shift, to + shift, target);
    const rows = batch * (to - from);
    const flat = reshapeTo(frames, dtype, [rows, heightIn, widthIn, dim], target);
    const kernel = reshapeTo(
      target.add("Slice", [kernels, target.list([time, 0, 0, 0]), target.list([1, height, width, dim])], {
        T: typeAttribute(dtype),
        Index: i32,
      }),
      dtype,
      [height, width, dim, 1],
      target,
    );
    const mixed = target.add("DepthwiseConv2dNative", [flat, kernel], spatial(dtype, padding));
    const part = reshapeTo(mixed, dtype, [batch, to - from, heightOut, widthOut, dim], target);
    parts.push(padTimes(part, dtype, from, timeOut - to, target));
  }
  const [first, ...rest] = parts;
  if (first === undefined) return target.add("Fill", [target.list(type.shape), zero(dtype, target)], fill(dtype));
  return rest.reduce((total, part) => target.add("AddV2", [total, part], elementType(dtype)), first);
};

/** The same for the gradient of the weight: one two-dimensional gradient for each time of the kernel. */
export const depthwiseConv3dWeight: Lowering<"depthwise_conv3d_weight"> = (
  { padding, kernel: [times = 0, height = 0, width = 0] },
  inputs,
  type,
  target,
) => {
  const input = at(inputs, 0);
  const gradient = at(inputs, 1);
  const { dtype } = type;
  const [batch = 0, timeIn = 0, heightIn = 0, widthIn = 0, dim = 0] = input.type.shape;
  const [, timeOut = 0, heightOut = 0, widthOut = 0] = gradient.type.shape;
  const parts: string[] = [];
  for (let time = 0; time < times; time++) {
    const { shift, from, to } = reachOf(time, padding, timeIn, timeOut);
    if (to <= from) {
      parts.push(target.add("Fill", [target.list([1, height, width, dim]), zero(dtype, target)], fill(dtype)));
      continue;
    }
    const rows = batch * (to - from);
    const frames = sliceTimes(input.name, input.type, from + shift, to + shift, target);
    const slopes = sliceTimes(gradient.name, gradient.type, from, to, target);
    const tap = target.add(
      "DepthwiseConv2dNativeBackpropFilter",
      [
        reshapeTo(frames, dtype, [rows, heightIn, widthIn, dim], target),
        target.list([height, width, dim, 1]),
        reshapeTo(slopes, dtype, [rows, heightOut, widthOut, dim], target),
      ],
      spatial(dtype, padding),
    );
    parts.push(reshapeTo(tap, dtype, [1, height, width, dim], target));
  }
  const taps = target.add("ConcatV2", [...parts, target.constant({ dtype: "i32", shape: [] }, [0])], {
    N: { kind: "int", value: parts.length },
    T: typeAttribute(dtype),
    Tidx: i32,
  });
  const ordered = target.add("Transpose", [taps, target.list([3, 0, 1, 2])], { T: typeAttribute(dtype), Tperm: i32 });
  return reshapeTo(ordered, dtype, type.shape, target);
};

/** The output times, from `from` up to `to`, that see an input at a time of the kernel; the others see padding. */
function reachOf(time: number, [[before] = [0, 0]]: Amounts, timeIn: number, timeOut: number) {
  const shift = time - before;
  return { shift, from: Math.max(0, -shift), to: Math.min(timeOut, timeIn - shift) };
}

function spatial(dtype: TensorType["dtype"], padding: Amounts): Readonly<Record<string, Attribute>> {
  const [, height = [0, 0], width = [0, 0]] = padding;
  return {
    T: typeAttribute(dtype),
    strides: one,
    padding: { kind: "string", value: "EXPLICIT" },
    explicit_paddings: { kind: "ints", values: [0, 0, ...height, ...width, 0, 0] },
    data_format: { kind: "string", value: "NHWC" },
  };
}

function sliceTimes(name: string, type: TensorType, from: number, to: number, target: Target): string {
  const [batch = 0, time = 0, ...rest] = type.shape;
  if (from === 0 && to === time) return name;
  const begin = [0, from, ...rest.map(() => 0)];
  return target.add("Slice", [name, target.list(begin), target.list([batch, to - from, ...rest])], {
    T: typeAttribute(type.dtype),
    Index: i32,
  });
}

function padTimes(name: string, dtype: TensorType["dtype"], before: number, after: number, target: Target): string {
  if (before === 0 && after === 0) return name;
  const pairs = target.constant({ dtype: "i32", shape: [5, 2] }, [0, 0, before, after, 0, 0, 0, 0, 0, 0]);
  return target.add("Pad", [name, pairs], { T: typeAttribute(dtype), Tpaddings: i32 });
}

function zero(dtype: TensorType["dtype"], target: Target): string {
  return target.constant({ dtype, shape: [] }, [0]);
}

function fill(dtype: TensorType["dtype"]): Readonly<Record<string, Attribute>> {
  return { T: typeAttribute(dtype), index_type: i32 };
}
