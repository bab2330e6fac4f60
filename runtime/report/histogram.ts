import { printCount } from "../text/index.ts";
import { type ChartSpec, drawChart } from "./chart.ts";
import { inBothWidths } from "./markup.ts";
import { escapeMarkup, themePalette } from "./picture/index.ts";

const { last, ink } = themePalette;

/** Numbers in ranges of one width: from each lower end up to, and without, the upper one. */
export interface Histogram {
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  /** Of numbers that are outside of all ranges. */
  readonly outside: number;
}

export interface HistogramOptions {
  /** Ranges there are at most. */
  readonly most: number;
  /** Numbers are whole, and ranges are no narrower than one. */
  readonly isWhole: boolean;
  /** What the ranges must reach over. */
  readonly reach?: readonly number[];
}

/** Few numbers that are far from all others would leave the others one range: so far is far, in spans of the others. */
const farAway = 4;
const rare = 0.005;

/**
 * Counts numbers in ranges whose ends are round. One in two hundred at either end is left out where they are far from the others. Without
 * ranges where all numbers that are not left out are one.
 */
export function histogramOf(
  values: readonly number[],
  { most, isWhole, reach = [] }: HistogramOptions,
): Histogram & { readonly only: number | null } {
  const [low, high] = domainOf(values);
  const within = values.filter((value) => value >= low && value <= high);
  const outside = values.length - within.length;
  if (low === high) return { bins: [], outside, only: low };
  const [from, to] = [Math.min(low, ...reach), Math.max(high, ...reach)];
  const width = roundWidth((to - from) / most, isWhole);
  // A number that is a multiple of the width but for its last digit is one.
  const rangeOf = (value: number): number => Math.floor(value / width + 1e-9);
  const first = rangeOf(from);
  const counts = new Array<number>(rangeOf(to) - first + 1).fill(0);
  for (const value of within) {
    const range = rangeOf(value) - first;
    counts[range] = (counts[range] ?? 0) + 1;
  }
  // Bars of one whole number each stand around it.
  const shift = isWhole && width === 1 ? -0.5 : 0;
  const bins = counts.map((count, range) => ({
    from: (first + range) * width + shift,
    to: (first + range + 1) * width + shift,
    count,
  }));
  return { bins, outside, only: null };
}

function domainOf(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(rare * sorted.length);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const [low = 0, high = 0] = [sorted[cut], sorted.at(-1 - cut)];
  return most - least > farAway * (high - low) ? [low, high] : [least, most];
}

/** The least of 1, 2 and 5 times a power of ten that is no less. */
function roundWidth(least: number, isWhole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const width = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= least * (1 - 1e-9)) ?? 10 * power;
  return isWhole ? Math.max(1, width) : width;
}

/** A histogram on a page, and what stands around it. */
export interface HistogramFigure {
  readonly id: string;
  readonly title: string;
  /** Of the numbers, in words: `spacing in mm`. */
  readonly axis: string;
  readonly unit: string;
  /** What is counted, in words; `share` shows counts as shares of all. */
  readonly counted: string;
  readonly isShare?: boolean;
  readonly values: readonly number[];
  readonly isWhole: boolean;
  /** Numbers that are marked by a line, behind whole ones, and what they are. */
  readonly marks?: { readonly values: readonly number[]; readonly title: string };
  readonly widths: { readonly wide: number; readonly narrow: number };
}

/** One number instead of a histogram where all are the same. */
export async function histogramFigure(figure: HistogramFigure): Promise<string> {
  const { id, title, unit, values, isWhole, marks, widths, counted, isShare = false } = figure;
  const reach = marks?.values ?? [];
  const { bins, outside, only } = histogramOf(values, { most: isShare ? 90 : 40, isWhole, reach });
  const key =
    marks === undefined || only !== null
      ? ""
      : `<span class="legend"><span class="key mark">${escapeMarkup(marks.title)}</span></span>`;
  const caption = `<figcaption>${escapeMarkup(title)}${key}</figcaption>`;
  const inAll = printCount(values.length);
  if (only !== null) {
    const whole = values.length === 1 ? "the" : `all ${inAll}`;
    const which = outside === 0 ? whole : `${printCount(values.length - outside)} of ${inAll}`;
    const body = `<p class="only">${printNumber(only)} ${unit}</p><p class="detail">in ${which} ${counted}</p>`;
    return `<figure class="card">${caption}${body}</figure>`;
  }
  const middle = medianOf(values);
  const [least, most] = rangeOf(values);
  const description = `${inAll} ${counted}, from ${printNumber(least)} to ${printNumber(most)} ${unit}, median ${printNumber(middle)}.`;
  const picture = await inBothWidths(widths, (width, variant) =>
    drawChart(histogramChart(bins, figure, width), { id: `${id}-${variant}`, title, description }),
  );
  const rest = outside === 0 ? "" : ` ${printCount(outside)} far away ${outside === 1 ? "is" : "are"} not drawn.`;
  return `<figure class="card">${caption}${picture}<p class="detail">${description}${rest}</p></figure>`;
}

function histogramChart(bins: Histogram["bins"], figure: HistogramFigure, width: number): ChartSpec {
  const { axis, counted, isShare = false, isWhole, values, marks } = figure;
  const all = values.length;
  const drawn = bins.filter(({ count }) => count > 0);
  const domain = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 0];
  const x = {
    type: "quantitative",
    scale: { domain, nice: false, zero: false },
    title: axis,
    axis: { grid: false, tickCount: width > 600 ? 12 : 5, format: ",~r", labelOverlap: true },
  } as const;
  const y = {
    type: "quantitative",
    scale: { zero: true },
    title: isShare ? `share of ${counted}` : counted,
    axis: { tickCount: 4, tickMinStep: isShare ? 0 : 1, domain: false, ticks: false, format: isShare ? "~%" : ",~d" },
  } as const;
  return {
    width,
    height: width > 600 ? 220 : 170,
    autosize: { type: "fit", contains: "padding" },
    layer: [
      {
        data: {
          values: drawn.map(({ from, to, count }) => ({ from, to, count: isShare ? count / all : count, zero: 0 })),
        },
        mark: { type: "rect", color: last },
        encoding: {
          x: { ...x, field: "from" },
          x2: { field: "to" },
          y: { ...y, field: "count" },
          y2: { field: "zero" },
        },
      },
      {
        data: { values: (marks?.values ?? []).map((value) => ({ value: isWhole ? value + 0.5 : value })) },
        mark: { type: "rule", color: ink, strokeDash: [4, 3], strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "value" } },
      },
    ],
  };
}

/** At most four digits, and none that say nothing. */
export function printNumber(value: number): string {
  return Number.isInteger(value) ? printSigned(value) : String(Number(value.toPrecision(4)));
}

function printSigned(value: number): string {
  return value < 0 ? `-${printCount(-value)}` : printCount(value);
}

function rangeOf(values: readonly number[]): readonly [least: number, most: number] {
  let [least, most] = [values[0] ?? 0, values[0] ?? 0];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** The lower of the two in the middle where their count is even. */
export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}
