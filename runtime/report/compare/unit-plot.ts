import { drawText, tenths, themePalette } from "../picture/index.ts";
import { lookOf } from "./run-colours.ts";
import { drawLine, drawSvg } from "./svg.ts";
import { type Point, thinCurve } from "./thin-curve.ts";

const { line, muted } = themePalette;

/** What one run has in a plot of shares against shares. */
export interface UnitCurve {
  readonly run: number;
  /** From 0 to 1. */
  readonly points: readonly Point[];
}

export interface UnitPlot {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly curves: readonly UnitCurve[];
  /** What scores that say nothing would give: a line from one point to another. */
  readonly chance: readonly [Point, Point];
  /** How long the sides are, in pixels. */
  readonly side: number;
  /** Whether points are drawn beside the line through them. */
  readonly hasPoints?: boolean;
  /** Bars below, of each run in as many bins; none where it is missing. */
  readonly counts?: readonly (readonly number[])[];
}

/** Around the square of a plot, in pixels. */
const plotMargin = { left: 26, right: 10, top: 8, bottom: 18 } as const;
/** What is nearer than this to the line that is drawn cannot be seen. */
const visible = 0.2;
const countsHeight = 34;

/** Curves in a square from 0 to 1 on both axes. */
export function drawUnitPlot({ curves, chance, side, counts = [], hasPoints = false, ...described }: UnitPlot): string {
  const { left, right, top, bottom } = plotMargin;
  const x = (share: number): number => left + share * side;
  const y = (share: number): number => top + (1 - share) * side;
  const place = ([a, b]: Point): Point => [x(a), y(b)];
  const ticks = [0, 0.5, 1];
  const below = counts.length === 0 ? 0 : countsHeight + 8;
  const base = top + side + below;
  const parts = [
    ...ticks.flatMap((tick) => [
      drawLine([place([tick, 0]), place([tick, 1])], { colour: line }),
      drawLine([place([0, tick]), place([1, tick])], { colour: line }),
      drawText(x(tick), base + 13, String(tick), { fill: muted, size: 10, anchor: "middle" }),
      drawText(left - 5, y(tick) + 3.5, String(tick), { fill: muted, size: 10, anchor: "end" }),
    ]),
    drawLine(chance.map(place), { colour: muted, dashes: "1 3" }),
    ...curves.flatMap(({ run, points }) => {
      const { colour, dashes } = lookOf(run);
      const drawn = points.map(place);
      const dots = hasPoints
        ? drawn.map(([px, py]) => `<circle cx="${tenths(px)}" cy="${tenths(py)}" r="2.5" fill="${colour}"/>`)
        : [];
      return [drawLine(thinCurve(drawn, visible), { colour, width: 2, dashes }), ...dots];
    }),
    ...drawCounts(counts, { x, base, width: side }),
  ];
  return drawSvg({ ...described, width: left + side + right, height: base + bottom, parts });
}

/** How many scores are in each bin, the tallest bar as tall as there is room. */
function drawCounts(
  counts: readonly (readonly number[])[],
  { x, base, width }: { readonly x: (share: number) => number; readonly base: number; readonly width: number },
): readonly string[] {
  const most = Math.max(1, ...counts.flat());
  const bins = counts[0]?.length ?? 1;
  const bar = width / bins / (counts.length + 0.5);
  return counts.flatMap((own, run) => {
    const rects = own.flatMap((count, bin) => {
      if (count === 0) return [];
      const height = Math.max(0.5, (countsHeight * count) / most);
      const from = x(bin / bins) + bar * (run + 0.25);
      return [`M${tenths(from)},${tenths(base)}v${tenths(-height)}h${tenths(bar)}V${tenths(base)}z`];
    });
    return rects.length === 0 ? [] : [`<path d="${rects.join("")}" fill="${lookOf(run).colour}"/>`];
  });
}
