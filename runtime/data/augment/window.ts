import type { Channel } from "./grid.ts";
import type { Line } from "./values.ts";

/**
 * What another window would have made of a volume, its ends moved by so many units. What lay outside of the window is not known any
 * more: it is as it was at the window's end, which differs where the new one reaches further.
 */
export function moveWindow(low: number, high: number, { range, window }: Channel): Line {
  if (window === null) throw new Error("only values of a window have another one");
  const width = window[1] - window[0];
  const moved = width - low + high;
  const factor = width / moved;
  return { factor, term: range[0] * (1 - factor) - (low * (range[1] - range[0])) / moved };
}
