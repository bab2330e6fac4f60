import { sizeAt } from "./indexing.ts";

/** How a window moves over the axes between the batch and the channels. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
}

/** A window without gaps between its elements. */
export function withoutGaps<Pool extends Pick<Windows, "kernel">>(pool: Pool): Pool & Pick<Windows, "dilation"> {
  return { ...pool, dilation: pool.kernel.map(() => 1) };
}

/** What is wrong with windows over so many axes, in words. */
export function problemOf({ kernel, stride, dilation, padding }: Windows, axes: number): string | null {
  const lists: readonly (readonly [string, readonly unknown[]])[] = [
    ["kernel", kernel],
    ["stride", stride],
    ["dilation", dilation],
    ["padding", padding],
  ];
  for (const [name, list] of lists) {
    if (list.length !== axes) return `its ${name} is for ${list.length} axes, not for ${axes}`;
  }
  const isWhole = (least: number) => (value: number) => Number.isSafeInteger(value) && value >= least;
  if (![...kernel, ...stride, ...dilation].every(isWhole(1)))
    return "its kernel, stride and dilation are whole numbers of at least 1";
  return padding.flat().every(isWhole(0)) ? null : "its padding is of whole numbers that are not negative";
}

/** How many windows there are along each axis; less than 1 where the kernel does not fit. */
export function windowCounts(sizes: readonly number[], { kernel, stride, dilation, padding }: Windows): number[] {
  return sizes.map((size, axis) => {
    const [before, after] = padding[axis] ?? [0, 0];
    const reach = sizeAt(dilation, axis) * (sizeAt(kernel, axis) - 1);
    return Math.floor((size + before + after - reach - 1) / sizeAt(stride, axis)) + 1;
  });
}

/**
 * Visits every element of every window that is not padding, in order: its place among those of the input, that of the window
 * among those of the output, and its place in the kernel. Channels are not counted; the first size is the batch.
 */
export function visitWindows(
  { kernel, stride, dilation, padding }: Windows,
  input: readonly number[],
  output: readonly number[],
  each: (from: number, to: number, tap: number) => void,
): void {
  const inner = input.slice(1);
  const outer = output.slice(1);
  const taps = placesIn(kernel);
  const windows = placesIn(outer);
  const count = inner.reduce((product, size) => product * size, 1);
  for (let example = 0; example < sizeAt(output, 0); example++) {
    for (const [window, start] of windows.entries()) {
      for (const [tap, offset] of taps.entries()) {
        let place: number | null = 0;
        for (const [axis, size] of inner.entries()) {
          const first = sizeAt(start, axis) * sizeAt(stride, axis) - (padding[axis]?.[0] ?? 0);
          const at = first + sizeAt(offset, axis) * sizeAt(dilation, axis);
          if (at < 0 || at >= size) {
            place = null;
            break;
          }
          place = place * size + at;
        }
        if (place !== null) each(example * count + place, example * windows.length + window, tap);
      }
    }
  }
}

/** Every place of a shape, in row-major order. */
export function placesIn(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.reduce<readonly (readonly number[])[]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, at) => [...place, at])),
    [[]],
  );
}
