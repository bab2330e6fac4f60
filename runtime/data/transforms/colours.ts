import type { Pixels } from "../readers/index.ts";

/** A picture whose colours are multiplied by their alpha, so that pixels can be mixed; as Pillow rounds it. */
export function premultiply(pixels: Pixels): Pixels {
  return eachPixel(pixels, (from, to, at) => {
    const alpha = from[at + 3] ?? 0;
    for (let channel = 0; channel < 3; channel++) to[at + channel] = product(from[at + channel] ?? 0, alpha);
    to[at + 3] = alpha;
  });
}

/** The same back. */
export function divideByAlpha(pixels: Pixels): Pixels {
  return eachPixel(pixels, (from, to, at) => {
    const alpha = from[at + 3] ?? 0;
    for (let channel = 0; channel < 3; channel++) {
      const value = from[at + channel] ?? 0;
      to[at + channel] = alpha === 0 || alpha === 255 ? value : Math.min(255, Math.trunc((255 * value) / alpha));
    }
    to[at + 3] = alpha;
  });
}

/** Red, green and blue of inks, as Pillow has them without a colour profile. */
export function inksToRgb(pixels: Pixels): Pixels {
  return eachPixel(pixels, (from, to, at) => {
    const light = 255 - (from[at + 3] ?? 0);
    for (let channel = 0; channel < 3; channel++) {
      to[at + channel] = Math.max(0, light - product(from[at + channel] ?? 0, light));
    }
  });
}

function eachPixel(pixels: Pixels, change: (from: Uint8Array, to: Uint8Array, at: number) => void): Pixels {
  const values = new Uint8Array(pixels.values.length);
  for (let at = 0; at < values.length; at += pixels.channels) change(pixels.values, values, at);
  return { ...pixels, values };
}

/** a * b / 255, rounded. */
function product(a: number, b: number): number {
  const scaled = a * b + 128;
  return ((scaled >> 8) + scaled) >> 8;
}
