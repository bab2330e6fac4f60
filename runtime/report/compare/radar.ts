import { at } from "../../at.ts";
import { type PaperMetric, paperMetrics, paperTitle, percent } from "../../evaluate/index.ts";
import { listWords } from "../../text/index.ts";
import { inBothWidths } from "../markup.ts";
import { drawText, tenths, themePalette } from "../picture/index.ts";
import { lookOf, runLegend } from "./run-colours.ts";
import { drawLine, drawSvg } from "./svg.ts";
import type { ComparedEvaluation } from "./types.ts";

const { ink, line, muted } = themePalette;

/** The six numbers of a paper as a radar: an axis each, from 0 in the middle, and a polygon for each run. */
export async function radarFigure(runs: readonly ComparedEvaluation[]): Promise<string> {
  const picture = await inBothWidths({ wide: 620, narrow: 330 }, (width, variant) => drawRadar(runs, width, variant));
  return `<figure class="card middle"><figcaption>In per cent${runLegend(runs)}</figcaption>${picture}</figure>`;
}

function drawRadar(runs: readonly ComparedEvaluation[], width: number, variant: string): string {
  const [radius, size] = variant === "narrow" ? [84, 11] : [150, 12];
  const labelRoom = 44;
  const [x, y] = [width / 2, radius + labelRoom];
  const values = runs.map(({ evaluation }) => paperMetrics.map((metric) => evaluation.overall[metric].value));
  const most = Math.max(0.2, Math.ceil(5 * Math.max(0, ...values.flat().map((value) => value ?? 0)) - 1e-9) / 5);
  /** A place on an axis; axes go round from the top. */
  const place = (axis: number, value: number): readonly [number, number] => {
    const angle = (2 * Math.PI * axis) / paperMetrics.length;
    const length = (radius * value) / most;
    return [x + length * Math.sin(angle), y - length * Math.cos(angle)];
  };
  const round = (value: number) => [...paperMetrics.keys(), 0].map((axis) => place(axis, value));
  const rings = Array.from({ length: Math.round(most * 5) }, (_, ring) => (ring + 1) / 5);
  const parts = [
    ...rings.map((value) => drawLine(round(value), { colour: line })),
    ...[...paperMetrics.keys()].map((axis) => drawLine([[x, y], place(axis, most)], { colour: line })),
    ...rings.map((value) => {
      const [, top] = place(0, value);
      return drawText(x + 4, top + 11, String(Math.round(100 * value)), { fill: muted, size: 10 });
    }),
    ...runs.flatMap((_, run) => {
      const { colour, dashes } = lookOf(run);
      const own = at(values, run);
      // An axis without a number is a gap: the polygon would otherwise say 0.
      const corners = [...paperMetrics.keys(), 0].map((axis) => {
        const value = at(own, axis);
        return value === null ? null : place(axis, Math.max(0, value));
      });
      return [
        ...piecesOf(corners).map((points) => drawLine(points, { colour, width: 2, dashes })),
        ...corners.slice(0, -1).flatMap((corner) => {
          return corner === null
            ? []
            : [`<circle cx="${tenths(corner[0])}" cy="${tenths(corner[1])}" r="3" fill="${colour}"/>`];
        }),
      ];
    }),
    ...paperMetrics.flatMap((metric, axis) => {
      const [endX, endY] = place(axis, most);
      const title = paperTitle(metric);
      const isTop = axis === 0;
      const isBottom = 2 * axis === paperMetrics.length;
      const anchor = isTop || isBottom ? ({ anchor: "middle" } as const) : endX > x ? {} : ({ anchor: "end" } as const);
      const left = isTop || isBottom ? x : endX + (endX > x ? 8 : -8);
      const top = isTop ? endY - 24 : isBottom ? endY + 18 : endY - 2;
      return [
        drawText(left, top, title, { fill: ink, size, ...anchor }),
        drawText(left, top + 15, rangeOf(runs, metric), { fill: muted, size, ...anchor }),
      ];
    }),
  ];
  const words = paperMetrics.map((metric) => `${paperTitle(metric)} ${numbersOf(runs, metric)}`);
  return drawSvg({
    id: `radar-${variant}`,
    title: `Radar of the overall numbers of ${listWords(
      runs.map(({ label }) => label),
      "and",
    )}`,
    description: `In per cent, from 0 in the middle to ${Math.round(100 * most)}: ${words.join("; ")}. The table has the intervals.`,
    ...{ width, height: 2 * (radius + labelRoom) },
    parts,
  });
}

/** `61.3 → 68.9` */
function numbersOf(runs: readonly ComparedEvaluation[], metric: PaperMetric): string {
  return runs.map(({ evaluation }) => percent(evaluation.overall[metric])).join(runs.length > 2 ? ", " : " → ");
}

/** The same; of more than two runs the least and the most: `61.3 to 68.9`. */
function rangeOf(runs: readonly ComparedEvaluation[], metric: PaperMetric): string {
  if (runs.length < 3) return numbersOf(runs, metric);
  const values = runs.flatMap(({ evaluation }) => evaluation.overall[metric].value ?? []);
  if (values.length === 0) return "-";
  return [Math.min(...values), Math.max(...values)].map((value) => percent({ value, interval: null })).join(" to ");
}

/** The stretches of points without a gap. */
function piecesOf(
  points: readonly (readonly [number, number] | null)[],
): readonly (readonly (readonly [number, number])[])[] {
  const pieces: (readonly [number, number])[][] = [[]];
  for (const point of points) {
    if (point === null) pieces.push([]);
    else at(pieces, pieces.length - 1).push(point);
  }
  return pieces;
}
