import type { Pixels } from "../readers/index.ts";

/** How pixels are mixed when a picture changes its size. */
export type Filter = "bicubic" | "bilinear" | "nearest";

/** Part of an axis of a resized picture: positions from `start` up to `end`, without it, of `size` in all. */
export interface Span {
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

/** What each pixel of a span is made of: a first one of the picture, and weights for it and those behind it. */
interface Mix {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `most` for each pixel, of which it uses `count`. */
  readonly weights: Int32Array;
  readonly most: number;
  /** All that the span is made of: from `low` up to `high`, without it. */
  readonly low: number;
  readonly high: number;
}

/** Bits behind the point of a weight: 8 of a pixel's value and 2 of what weights may exceed 1 are left of 32. */
const fraction = 22;
const half = 2 ** (fraction - 1);

/**
 * Part of a picture in another size, as `Image.resize` of Pillow 13 gives it to the last bit: along one axis, then along the
 * other, each time rounded to 8 bits, with weights in fixed point. A smaller size widens the filter, so that every pixel
 * counts. Only the part is computed, and takes no memory but its own and that of the pixels that it is made of.
 */
export function resizePixels(pixels: Pixels, x: Span, y: Span, filter: Filter): Pixels {
  const { width, height } = pixels;
  if (filter === "nearest") return pick(pixels, nearest(width, x), nearest(height, y));
  const across = mixOf(width, x, filter);
  const down = mixOf(height, y, filter);
  // Which axis is first shows in the rounding. Up to Pillow 12 it was always across: tall pictures differ by up to 4/255.
  const isDownFirst = y.size < height && height - y.size > 2 * (width - x.size);
  return isDownFirst
    ? mixAcross(mixDown(pixels, down, 0, across.low, across.high), across, across.low, 0, y.end - y.start)
    : mixDown(mixAcross(pixels, across, 0, down.low, down.high), down, down.low, 0, x.end - x.start);
}

function mixOf(from: number, { size, start, end }: Span, filter: "bicubic" | "bilinear"): Mix {
  const scale = from / size;
  const stretch = Math.max(1, scale);
  const isSame = from === size;
  const support = isSame ? 0.5 : (filter === "bicubic" ? 2 : 1) * stretch;
  const weightAt = isSame ? () => 1 : filter === "bicubic" ? bicubic : bilinear;
  const most = Math.ceil(support) * 2 + 1;
  const length = end - start;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Int32Array(length * most);
  const exact = new Float64Array(most);
  for (let index = 0; index < length; index++) {
    const centre = (start + index + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const terms = Math.min(from, Math.trunc(centre + support + 0.5)) - low;
    let sum = 0;
    for (let k = 0; k < terms; k++) {
      const weight = weightAt((k + low - centre + 0.5) * (1 / stretch));
      exact[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < terms; k++) {
      const weight = (exact[k] ?? 0) / (sum === 0 ? 1 : sum);
      weights[index * most + k] = Math.trunc(weight * 2 ** fraction + (weight < 0 ? -0.5 : 0.5));
    }
    first[index] = low;
    count[index] = terms;
  }
  return { first, count, weights, most, low: first[0] ?? 0, high: (first.at(-1) ?? 0) + (count.at(-1) ?? 0) };
}

/** Keys' cubic convolution with a = -0.5. */
function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

function bilinear(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** Rows from `top` up to `bottom`, mixed along x; `left` is the column of the whole picture that the pixels start with. */
function mixAcross(
  pixels: Pixels,
  { first, count, weights, most }: Mix,
  left: number,
  top: number,
  bottom: number,
): Pixels {
  const { width, channels, values } = pixels;
  const made = new Uint8ClampedArray((bottom - top) * first.length * channels);
  let to = 0;
  for (let row = top; row < bottom; row++) {
    for (let index = 0; index < first.length; index++) {
      const from = (row * width + (first[index] ?? 0) - left) * channels;
      const end = index * most + (count[index] ?? 0);
      for (let channel = 0; channel < channels; channel++) {
        let sum = half;
        let at = from + channel;
        for (let k = index * most; k < end; k++) {
          sum += (values[at] ?? 0) * (weights[k] ?? 0);
          at += channels;
        }
        made[to++] = sum >> fraction;
      }
    }
  }
  return { ...pixels, width: first.length, height: bottom - top, values: new Uint8Array(made.buffer) };
}

/** Columns from `left` up to `right`, mixed along y; `top` is the row of the whole picture that the pixels start with. */
function mixDown(
  pixels: Pixels,
  { first, count, weights, most }: Mix,
  top: number,
  left: number,
  right: number,
): Pixels {
  const { channels, values } = pixels;
  const rowLength = pixels.width * channels;
  const made = new Uint8ClampedArray(first.length * (right - left) * channels);
  let to = 0;
  for (let index = 0; index < first.length; index++) {
    const from = ((first[index] ?? 0) - top) * rowLength;
    const end = index * most + (count[index] ?? 0);
    for (let column = left * channels; column < right * channels; column++) {
      let sum = half;
      let at = from + column;
      for (let k = index * most; k < end; k++) {
        sum += (values[at] ?? 0) * (weights[k] ?? 0);
        at += rowLength;
      }
      made[to++] = sum >> fraction;
    }
  }
  return { ...pixels, width: right - left, height: first.length, values: new Uint8Array(made.buffer) };
}

/** Where each pixel is picked from. Positions are summed up, as Pillow does, so that their rounding is alike. */
function nearest(from: number, { size, start, end }: Span): Int32Array {
  const scale = from / size;
  const positions = new Int32Array(end - start);
  let at = scale * 0.5;
  for (let index = 0; index < end; index++) {
    if (index >= start) positions[index - start] = Math.min(from - 1, Math.trunc(at));
    at += scale;
  }
  return positions;
}

function pick(pixels: Pixels, columns: Int32Array, rows: Int32Array): Pixels {
  const { channels, width } = pixels;
  const values = new Uint8Array(columns.length * rows.length * channels);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) values[to++] = pixels.values[from + channel] ?? 0;
    }
  }
  return { ...pixels, width: columns.length, height: rows.length, values };
}
