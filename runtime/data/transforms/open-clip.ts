import type { ImageSettings } from "../../../compiler/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import type { Pixels } from "../readers/index.ts";
import { divideByAlpha, inksToRgb, premultiply } from "./colours.ts";
import { resizePixels, type Span } from "./pillow-resize.ts";

/** One axis of a picture: what is kept of it after resizing, and how much nothing is before and in all. */
interface Axis {
  readonly kept: Span;
  readonly before: number;
  readonly size: number;
}

/**
 * open_clip's preprocessing for evaluation, `image_transform`, of a picture as Pillow opens it: resized in its own colours,
 * the middle cut out or black put around it, then red, green and blue from 0 to 1, and these less the mean and divided by the
 * standard deviation, in 32-bit floats. Gives [3, height, width], equal to open_clip's to the last bit, but for the black
 * around a picture with a palette, which is there the first colour of the palette.
 */
export function preprocessImage(pixels: Pixels, settings: ImageSettings): Result<Float32Array<ArrayBuffer>, Fault> {
  const { size, interpolation, resize } = settings;
  const [newHeight, newWidth] = resizedTo(pixels, settings);
  if (newHeight === 0 || newWidth === 0) {
    const message = `${pixels.width} x ${pixels.height} pixels would become ${newWidth} x ${newHeight}`;
    return failed(fault(message, "Crop it, or leave it out."));
  }
  const y = axisOf(newHeight, size[0]);
  const x = axisOf(newWidth, size[1]);
  const isResized = newHeight !== pixels.height || newWidth !== pixels.width;
  // open_clip asks for another interpolation nowhere else.
  const filter = resize === "shortest" && size[0] !== size[1] ? "bicubic" : interpolation;
  const mixed = isResized && pixels.colour === "rgba" ? premultiply(pixels) : pixels;
  const resized = resizePixels(mixed, x.kept, y.kept, pixels.colour === "picked" ? "nearest" : filter);
  const own = mixed === pixels ? resized : divideByAlpha(resized);
  return ok(normalise(own.colour === "cmyk" ? inksToRgb(own) : own, x, y, settings));
}

/** The size to which a whole picture is resized. */
function resizedTo(
  { width, height }: Pixels,
  { size, resize }: ImageSettings,
): readonly [height: number, width: number] {
  const [toHeight, toWidth] = size;
  if (resize === "squash") return size;
  if (resize === "shortest" && toHeight === toWidth) {
    const long = Math.trunc((toHeight * Math.max(width, height)) / Math.min(width, height));
    return width <= height ? [long, toWidth] : [toHeight, long];
  }
  const ratios = [height / toHeight, width / toWidth];
  const ratio = resize === "longest" ? Math.max(...ratios) : Math.min(...ratios);
  return [roundHalfToEven(height / ratio), roundHalfToEven(width / ratio)];
}

/** The middle of an axis, or all of it in the middle of more. */
function axisOf(resized: number, size: number): Axis {
  if (resized < size) {
    return { kept: { size: resized, start: 0, end: resized }, before: Math.trunc((size - resized) / 2), size };
  }
  const start = roundHalfToEven((resized - size) / 2);
  return { kept: { size: resized, start, end: start + size }, before: 0, size };
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function normalise(pixels: Pixels, x: Axis, y: Axis, { mean, std }: ImageSettings): Float32Array<ArrayBuffer> {
  const made = new Float32Array(3 * y.size * x.size);
  const { fround } = Math;
  // Around inks there is no ink.
  const around = pixels.colour === "cmyk" ? 255 : 0;
  for (const [channel, channelMean] of mean.entries()) {
    const ofValue = Float32Array.from({ length: 256 }, (_, value) =>
      fround(fround(fround(value / 255) - fround(channelMean)) / fround(std[channel] ?? 1)),
    );
    const plane = made.subarray(channel * y.size * x.size, (channel + 1) * y.size * x.size);
    plane.fill(ofValue[around] ?? 0);
    for (let row = 0; row < pixels.height; row++) {
      const to = (row + y.before) * x.size + x.before;
      const from = row * pixels.width * pixels.channels + channel;
      for (let column = 0; column < pixels.width; column++) {
        plane[to + column] = ofValue[pixels.values[from + column * pixels.channels] ?? 0] ?? 0;
      }
    }
  }
  return made;
}
