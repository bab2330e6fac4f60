import { tenths } from "./drawing.ts";
import { escapeMarkup } from "./escape.ts";
import type { Connection } from "./flow-graph.ts";
import type { Palette } from "./palette.ts";

/** Where a unit stands in the picture. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const headLength = 7;
const headHalf = 4;

/** A line with a head at its end; `towards` is where the head points. */
export function drawArrow(
  line: string,
  [x, y]: readonly [x: number, y: number],
  towards: "down" | "right",
  { values }: Connection,
  { outline, muted }: Palette,
): string {
  const head =
    towards === "down"
      ? `M${tenths(x)},${tenths(y)}l${-headHalf},${-headLength}h${2 * headHalf}z`
      : `M${tenths(x)},${tenths(y)}l${-headLength},${-headHalf}v${2 * headHalf}z`;
  return `<g><title>${escapeMarkup(values.join("; "))}</title><path d="${line}" fill="none" stroke="${outline}" stroke-width="1.5"/><path d="${head}" fill="${muted}"/></g>`;
}

/** A line's end, short of the head that is drawn over it. */
export function beforeHead(end: number): number {
  return tenths(end - headLength + 1);
}
