import type { Variant } from "../markup.ts";
import { cut, drawText, tenths, themePalette } from "../picture/index.ts";
import { lookOf } from "./run-colours.ts";
import { drawLine, drawSvg } from "./svg.ts";

const { ink, line, muted } = themePalette;

/** A number with its interval. */
export interface BarValue {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** A bar for each run; in place of one that there is none of, nothing. */
export interface BarRow {
  readonly name: string;
  readonly values: readonly (BarValue | null)[];
}

export interface BarChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly BarRow[];
  readonly width: number;
  readonly variant: Variant;
  /** Where a dotted line marks chance; null for none. */
  readonly chance: number | null;
}

const textSize = 12;
const barHeight = 8;
const barStep = 13;
/** Of what stands behind a bar, such as `0.613 (0.590–0.634)`. */
const numberWidth = 136;
const axisHeight = 22;

/** Bars from 0, with a line as long as the interval on each, and the numbers behind them. */
export function drawBarChart({ rows, width, variant, chance, ...described }: BarChart): string {
  const isNarrow = variant === "narrow";
  const nameWidth = isNarrow ? 0 : 250;
  const runs = Math.max(1, ...rows.map(({ values }) => values.length));
  const ofRow = runs * barStep + (isNarrow ? 24 : 10);
  const shown = rows.flatMap(({ values }) => values.flatMap((one) => one ?? []));
  const reached = shown.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const from = Math.min(0, ...reached);
  const to = Math.max(...reached, from + 0.1);
  const room = width - nameWidth - numberWidth;
  const x = (value: number): number => nameWidth + (room * (value - from)) / (to - from);
  const height = rows.length * ofRow + 4;
  const ticks = ticksBetween(from, to);
  const parts = [
    ...ticks.flatMap((tick) => [
      drawLine(
        [
          [x(tick), 0],
          [x(tick), height],
        ],
        { colour: line },
      ),
      drawText(x(tick), height + 15, tick.toFixed(1), { fill: muted, size: 10.5, ...anchorAt(x(tick), nameWidth) }),
    ]),
    ...(chance === null
      ? []
      : [
          drawLine(
            [
              [x(chance), 0],
              [x(chance), height],
            ],
            { colour: muted, dashes: "1 3" },
          ),
        ]),
    ...rows.flatMap(({ name, values }, row) => {
      const top = row * ofRow;
      const first = top + (isNarrow ? 20 : 5);
      const own = cut(name, isNarrow ? width : nameWidth - 14, textSize);
      const middle = first + (values.length * barStep) / 2;
      return [
        isNarrow
          ? drawText(0, top + 14, own, { fill: ink, size: textSize })
          : drawText(nameWidth - 10, middle + 1.5, own, { fill: ink, size: textSize, anchor: "end" }),
        ...values.flatMap((value, run) => {
          const y = first + run * barStep;
          if (value !== null) return drawBar(value, run, y, x);
          return [drawText(x(0) + 7, y + 7.5, "none", { fill: muted, size: 10.5 })];
        }),
      ];
    }),
  ];
  return drawSvg({ ...described, width, height: height + axisHeight, parts });
}

function drawBar(
  { value, low, high }: BarValue,
  run: number,
  y: number,
  x: (value: number) => number,
): readonly string[] {
  const { colour } = lookOf(run);
  const [start, end] = [x(Math.min(0, value)), x(Math.max(0, value))];
  const after = Math.max(x(high ?? value), end);
  const middle = y + barHeight / 2;
  const interval = low === null || high === null ? "" : ` (${low.toFixed(3)}–${high.toFixed(3)})`;
  return [
    `<rect x="${tenths(start)}" y="${tenths(y)}" width="${tenths(end - start)}" height="${barHeight}" fill="${colour}"/>`,
    ...(low === null || high === null
      ? []
      : [
          drawLine(
            [
              [x(low), middle],
              [x(high), middle],
            ],
            { colour: ink, width: 1.5 },
          ),
          ...[low, high].map((limit) =>
            drawLine(
              [
                [x(limit), middle - 3],
                [x(limit), middle + 3],
              ],
              { colour: ink, width: 1.5 },
            ),
          ),
        ]),
    drawText(after + 7, y + 7.5, `${value.toFixed(3)}${interval}`, { fill: muted, size: 10.5 }),
  ];
}

/** A text at the left edge of a picture would reach out of it. */
function anchorAt(x: number, nameWidth: number): { readonly anchor?: "middle" } {
  return nameWidth === 0 && x < 10 ? {} : { anchor: "middle" };
}

/** Each fifth between two numbers, or each tenth where they are near. */
function ticksBetween(from: number, to: number): readonly number[] {
  const step = to - from > 0.5 ? 5 : 10;
  const first = Math.ceil(from * step - 1e-9);
  const count = Math.floor(to * step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, tick) => (first + tick) / step);
}
