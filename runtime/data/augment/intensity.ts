import type { Channel } from "./grid.ts";
import type { Line } from "./values.ts";

/**
 * Moves values by a share of their range, after spreading them around its middle by a share of what they are: MONAI's ScaleIntensity
 * and ShiftIntensity where 0 is the middle, as in -1..1.
 */
export function intensity(shift: number, scale: number, { range: [lowest, highest] }: Channel): Line {
  return { factor: 1 + scale, term: shift * (highest - lowest) - (scale * (lowest + highest)) / 2 };
}
