import type { Variant } from "../markup.ts";
import { cut, drawText, tenths, themePalette } from "../picture/index.ts";
import { drawSvg } from "./svg.ts";

const { ink, muted } = themePalette;

/** A bar of several counts, and what stands behind it. */
export interface StackedBar {
  readonly counts: readonly number[];
  readonly text: string;
  /** The colour of a mark before it; null for none. */
  readonly mark: string | null;
}

export interface StackedChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly name: string; readonly bars: readonly StackedBar[] }[];
  /** Of the counts, in their order. */
  readonly colours: readonly string[];
  readonly width: number;
  readonly variant: Variant;
  /** The room for what stands behind bars, in pixels. */
  readonly textWidth: number;
}

const textSize = 12;
const barHeight = 9;
const barStep = 14;

/** Bars of one length, divided as counts are. */
export function drawStackedChart({ rows, colours, width, variant, textWidth, ...described }: StackedChart): string {
  const isNarrow = variant === "narrow";
  const nameWidth = isNarrow ? 0 : 250;
  const room = width - nameWidth - textWidth - 16;
  let top = 0;
  const parts: string[] = [];
  for (const { name, bars } of rows) {
    const first = top + (isNarrow ? 20 : 5);
    const own = cut(name, isNarrow ? width : nameWidth - 14, textSize);
    const middle = first + (bars.length * barStep) / 2;
    parts.push(
      isNarrow
        ? drawText(0, top + 14, own, { fill: ink, size: textSize })
        : drawText(nameWidth - 10, middle + 1.5, own, { fill: ink, size: textSize, anchor: "end" }),
    );
    for (const [place, { counts, text, mark }] of bars.entries()) {
      const y = first + place * barStep;
      const whole = counts.reduce((sum, count) => sum + count, 0);
      let from = nameWidth + 8;
      if (mark !== null)
        parts.push(`<rect x="${nameWidth}" y="${tenths(y)}" width="4" height="${barHeight}" fill="${mark}"/>`);
      for (const [part, count] of counts.entries()) {
        if (count === 0) continue;
        const length = (room * count) / whole;
        // A gap between parts tells them apart without their colours.
        parts.push(
          `<rect x="${tenths(from)}" y="${tenths(y)}" width="${tenths(Math.max(0.5, length - 1))}" height="${barHeight}" fill="${colours[part] ?? ink}"/>`,
        );
        from += length;
      }
      parts.push(drawText(nameWidth + 8 + room + 8, y + 8, text, { fill: muted, size: 10.5 }));
    }
    top += bars.length * barStep + (isNarrow ? 24 : 10);
  }
  return drawSvg({ ...described, width, height: top + 4, parts });
}

/** What the colours of such bars stand for. */
export function stackedLegend(keys: readonly (readonly [key: string, title: string])[]): string {
  return `<span class="legend">${keys.map(([key, title]) => `<span class="key ${key}">${title}</span>`).join("")}</span>`;
}
