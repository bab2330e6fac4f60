import { placesIn, type Windows } from "../../../ops/index.ts";
import { countOf } from "../../lowering/index.ts";
import type { Target } from "./context.ts";
import {
  batchProduct,
  concatenated,
  padWith,
  reversed,
  sliceOf,
  spreadIn,
  stridedSlice,
  sumOf,
  transposeTo,
  viewAs,
  zeros,
} from "./floats.ts";

/** A convolution in groups, with any stride and dilation: sizes of what it reads and of what it gives. */
export interface Grouped {
  readonly batch: number;
  readonly sizes: readonly number[];
  readonly counts: readonly number[];
  readonly groups: number;
  /** Of each group. */
  readonly channels: number;
  readonly outputs: number;
  readonly windows: Windows;
}

/**
 * The kernels of TensorFlow for processors have no groups over three axes, and no dilation in gradients. One product of
 * matrices for each element of the kernel, a matrix a group, has both.
 */
export function convByTaps(input: string, weight: string, grouped: Grouped, target: Target): string {
  const { groups, outputs, channels, windows } = grouped;
  const taps = countOf(windows.kernel);
  const parted = viewAs(weight, [groups, outputs, channels, taps], target);
  const matrices = transposeTo(parted, [3, 0, 2, 1], target);
  return sumOverTaps(padded(input, windows, target), matrices, grouped, target);
}

/** A convolution of the gradient, spread out as the windows were, with the kernel turned around. */
export function convInputByTaps(gradient: string, weight: string, grouped: Grouped, target: Target): string {
  const { batch, sizes, counts, groups, outputs, channels, windows } = grouped;
  const { kernel, stride, dilation, padding } = windows;
  const taps = countOf(kernel);
  const parted = viewAs(weight, [groups, outputs, channels, taps], target);
  const matrices = reversed(transposeTo(parted, [3, 0, 1, 2], target), [0], target);
  const spread = sizes.map((size, axis) => {
    const reach = (dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1);
    const step = stride[axis] ?? 1;
    const first = reach - (padding[axis]?.[0] ?? 0);
    const length = size + reach;
    // Windows of padding alone reach no element.
    const from = Math.max(0, Math.ceil(-first / step));
    const to = Math.min(counts[axis] ?? 1, Math.floor((length - 1 - first) / step) + 1);
    return { length, from, to, begin: first + from * step, step };
  });
  const channelsOut = groups * outputs;
  if (spread.some(({ from, to }) => to <= from)) return zeros([batch, ...sizes, groups * channels], target);
  const reached = spread.every(({ from, to }, axis) => from === 0 && to === counts[axis])
    ? gradient
    : sliceOf(
        gradient,
        [0, ...spread.map(({ from }) => from), 0],
        [batch, ...spread.map(({ from, to }) => to - from), channelsOut],
        target,
      );
  const ends = spread.map(({ begin, from, to, step }) => begin + (to - from - 1) * step + 1);
  const steps = {
    begin: [0, ...spread.map(({ begin }) => begin), 0],
    end: [batch, ...ends, channelsOut],
    step: [1, ...stride, 1],
  };
  const wide = spreadIn([batch, ...spread.map(({ length }) => length), channelsOut], steps, reached, target);
  const turned: Grouped = {
    batch,
    sizes: spread.map(({ length }) => length),
    counts: sizes,
    groups,
    channels: outputs,
    outputs: channels,
    windows: { kernel, stride: kernel.map(() => 1), dilation, padding: kernel.map(() => [0, 0] as const) },
  };
  return sumOverTaps(wide, matrices, turned, target);
}

export function convWeightByTaps(input: string, gradient: string, grouped: Grouped, target: Target): string {
  const { batch, counts, groups, channels, outputs, windows } = grouped;
  const rows = batch * countOf(counts);
  const read = partedBy(padded(input, windows, target), paddedSizes(grouped), batch, groups, channels, target);
  const slopes = viewAs(partedBy(gradient, counts, batch, groups, outputs, target), [groups, rows, outputs], target);
  const taps: string[] = [];
  for (const place of placesIn(windows.kernel)) {
    const elements = elementsAt(read, place, grouped, taps.at(-1) ?? null, target);
    const moved = viewAs(elements, [groups, rows, channels], target);
    taps.push(viewAs(batchProduct(moved, slopes, true, target), [1, groups, channels, outputs], target));
  }
  return transposeTo(concatenated(taps, target), [1, 3, 2, 0], target);
}

/** `matrices` are [taps, groups, channels, outputs]. */
function sumOverTaps(input: string, matrices: string, grouped: Grouped, target: Target): string {
  const { batch, counts, groups, channels, outputs, windows } = grouped;
  const rows = batch * countOf(counts);
  const read = partedBy(input, paddedSizes(grouped), batch, groups, channels, target);
  let sum: string | null = null;
  for (const [tap, place] of placesIn(windows.kernel).entries()) {
    const moved = viewAs(elementsAt(read, place, grouped, sum, target), [groups, rows, channels], target);
    const matrix = sliceOf(matrices, [tap, 0, 0, 0], [1, groups, channels, outputs], target);
    const part = batchProduct(moved, viewAs(matrix, [groups, channels, outputs], target), false, target);
    sum = sum === null ? part : sumOf([sum, part], [groups, rows, outputs], target);
  }
  const total = viewAs(sum ?? zeros([groups, rows, outputs], target), [groups, batch, ...counts, outputs], target);
  if (groups === 1) return viewAs(total, [batch, ...counts, outputs], target);
  const axes = counts.map((_, axis) => axis + 2);
  const last = transposeTo(total, [1, ...axes, 0, axes.length + 2], target);
  return viewAs(last, [batch, ...counts, groups * outputs], target);
}

/** [batch, ..., groups * channels] -> [groups, batch, ..., channels] */
function partedBy(
  value: string,
  sizes: readonly number[],
  batch: number,
  groups: number,
  channels: number,
  target: Target,
): string {
  if (groups === 1) return viewAs(value, [1, batch, ...sizes, channels], target);
  const parted = viewAs(value, [batch, ...sizes, groups, channels], target);
  const axes = sizes.map((_, axis) => axis + 1);
  return transposeTo(parted, [axes.length + 1, 0, ...axes, axes.length + 2], target);
}

/**
 * For each window the element at one place of the kernel: [groups, batch, ..., channels]. It waits for the product of the
 * place before, so that there is one copy at a time.
 */
function elementsAt(
  read: string,
  place: readonly number[],
  grouped: Grouped,
  after: string | null,
  target: Target,
): string {
  const { batch, counts, groups, channels, windows } = grouped;
  const begin = place.map((at, axis) => at * (windows.dilation[axis] ?? 1));
  const end = begin.map((at, axis) => at + ((counts[axis] ?? 1) - 1) * (windows.stride[axis] ?? 1) + 1);
  return stridedSlice(
    read,
    after,
    { begin: [0, 0, ...begin, 0], end: [groups, batch, ...end, channels], step: [1, 1, ...windows.stride, 1] },
    target,
  );
}

function paddedSizes({ sizes, windows }: Grouped): readonly number[] {
  return sizes.map((size, axis) => size + (windows.padding[axis]?.[0] ?? 0) + (windows.padding[axis]?.[1] ?? 0));
}

function padded(value: string, { padding }: Windows, target: Target): string {
  return padWith(value, [[0, 0], ...padding, [0, 0]], 0, target);
}
