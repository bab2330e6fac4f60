import { at } from "../../at.ts";

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/** The bits of the nearest IEEE 754 binary16, of two equally near the even one; what is too large becomes infinite. */
export function halfBits(value: number): number {
  floats[0] = value;
  const whole = at(bits, 0);
  const sign = (whole >>> 16) & 0x8000;
  const exponent = (whole >>> 23) & 0xff;
  const fraction = whole & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const moved = exponent - 127 + 15;
  if (moved >= 31) return sign | 0x7c00;
  if (moved > 0) return sign | rounded((moved << 23) | fraction, 13);
  // Numbers below 2^-14 have no leading one of their own.
  return moved < -10 ? sign : sign | rounded(fraction | 0x800000, 14 - moved);
}

/** value / 2^places, to the nearest whole number, of two the even one; a carry goes on into the exponent. */
function rounded(value: number, places: number): number {
  const half = value >>> places;
  const rest = value & ((1 << places) - 1);
  const middle = 1 << (places - 1);
  return rest > middle || (rest === middle && (half & 1) === 1) ? half + 1 : half;
}
