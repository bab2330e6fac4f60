import type { Windows } from "../../../ops/index.ts";
import { type Attribute, typeAttribute } from "../graphdef.ts";
import type { Target } from "./context.ts";
import { concatenated, padWith, reversed, sliceOf, sumOf, transposeTo, viewAs, zeros } from "./floats.ts";

/** A depthwise convolution over time, height and width, one window a place: sizes of what it reads and of what it gives. */
export interface Depthwise {
  readonly batch: number;
  readonly sizes: readonly [time: number, height: number, width: number];
  readonly counts: readonly [time: number, height: number, width: number];
  readonly channels: number;
  readonly windows: Windows;
}

/**
 * TensorFlow has depthwise convolutions over two axes only. A kernel of several times is one over height and width for
 * each of its times, and their sum, each shifted by its time. `isTurned` turns the kernel around on all axes.
 */
export function depthwiseConv(
  input: string,
  weight: string,
  isTurned: boolean,
  { batch, sizes, counts, channels, windows }: Depthwise,
  target: Target,
): string {
  const [timeIn, heightIn, widthIn] = sizes;
  const [timeOut, heightOut, widthOut] = counts;
  const [times = 1, height = 1, width = 1] = windows.kernel;
  const taps = transposeTo(viewAs(weight, [channels, times, height, width], target), [1, 2, 3, 0], target);
  const kernels = isTurned ? reversed(taps, [0, 1, 2], target) : taps;
  const parts: string[] = [];
  for (let time = 0; time < times; time++) {
    const { shift, from, to } = reachOf(time, windows, timeIn, timeOut);
    if (to <= from) continue;
    const frames = timesOf(input, [batch, ...sizes, channels], from + shift, to + shift, target);
    const rows = batch * (to - from);
    const flat = viewAs(frames, [rows, heightIn, widthIn, channels], target);
    const kernel = viewAs(
      sliceOf(kernels, [time, 0, 0, 0], [1, height, width, channels], target),
      [height, width, channels, 1],
      target,
    );
    const mixed = target.add("DepthwiseConv2dNative", [flat, kernel], spatial(windows));
    const part = viewAs(mixed, [batch, to - from, heightOut, widthOut, channels], target);
    parts.push(
      padWith(
        part,
        [
          [0, 0],
          [from, timeOut - to],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
        0,
        target,
      ),
    );
  }
  return sumOf(parts, [batch, ...counts, channels], target);
}

/** The same for the gradient of the weight: one two-dimensional gradient for each time of the kernel. */
export function depthwiseWeight(
  input: string,
  gradient: string,
  { batch, sizes, counts, channels, windows }: Depthwise,
  target: Target,
): string {
  const [timeIn, heightIn, widthIn] = sizes;
  const [timeOut, heightOut, widthOut] = counts;
  const [times = 1, height = 1, width = 1] = windows.kernel;
  const parts: string[] = [];
  for (let time = 0; time < times; time++) {
    const { shift, from, to } = reachOf(time, windows, timeIn, timeOut);
    if (to <= from) {
      parts.push(zeros([1, height, width, channels], target));
      continue;
    }
    const rows = batch * (to - from);
    const frames = timesOf(input, [batch, ...sizes, channels], from + shift, to + shift, target);
    const slopes = timesOf(gradient, [batch, ...counts, channels], from, to, target);
    const tap = target.add(
      "DepthwiseConv2dNativeBackpropFilter",
      [
        viewAs(frames, [rows, heightIn, widthIn, channels], target),
        target.list([height, width, channels, 1]),
        viewAs(slopes, [rows, heightOut, widthOut, channels], target),
      ],
      spatial(windows),
    );
    parts.push(viewAs(tap, [1, height, width, channels], target));
  }
  return transposeTo(concatenated(parts, target), [3, 0, 1, 2], target);
}

/** The output times, from `from` up to `to`, that see an input at a time of the kernel; the others see padding. */
function reachOf(time: number, { padding: [[before] = [0, 0]] }: Windows, timeIn: number, timeOut: number) {
  const shift = time - before;
  return { shift, from: Math.max(0, -shift), to: Math.min(timeOut, timeIn - shift) };
}

function spatial({ padding: [, height = [0, 0], width = [0, 0]] }: Windows): Readonly<Record<string, Attribute>> {
  return {
    T: typeAttribute("f32"),
    strides: { kind: "ints", values: [1, 1, 1, 1] },
    padding: { kind: "string", value: "EXPLICIT" },
    explicit_paddings: { kind: "ints", values: [0, 0, ...height, ...width, 0, 0] },
    data_format: { kind: "string", value: "NHWC" },
  };
}

function timesOf(name: string, shape: readonly number[], from: number, to: number, target: Target): string {
  const [batch = 0, time = 0, ...rest] = shape;
  if (from === 0 && to === time) return name;
  return sliceOf(name, [0, from, ...rest.map(() => 0)], [batch, to - from, ...rest], target);
}
