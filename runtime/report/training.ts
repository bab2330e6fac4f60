import { type ChartSpec, drawChart } from "./chart.ts";
import { metricOf, quantityOf, type StepValue, smooth, smoothingSpan, validationOf } from "./curves.ts";
import { inBothWidths, type Section } from "./markup.ts";
import { themePalette } from "./picture/index.ts";
import { pointsWithin, stepAxis } from "./step-axis.ts";
import type { CurvePoint, ValidationPoint } from "./types.ts";

/** A line through so few points shows them as well: a line through one is nothing. */
const fewPoints = 30;
/** What spreads further than this is drawn on a logarithmic axis. */
const wideSpread = 50;

/** How the y axis of a chart is divided and written. */
interface Scale {
  readonly type: "linear" | "log";
  readonly format: string;
  /** Null for Vega's choice. */
  readonly ticks: number[] | null;
}

const rates: Scale = { type: "linear", format: "~e", ticks: null };
const linear: Scale = { type: "linear", format: ".3~g", ticks: null };

/** In the format of small numbers, 0 would be `0e+0`. */
const zero = "datum.value === 0 ? '0' : datum.label";

interface Line {
  readonly values: readonly StepValue[];
  readonly colour: string;
  readonly thickness: number;
}

/** How a training run went, step by step; null where there are no steps. */
export async function trainingSection(
  curve: readonly CurvePoint[],
  validation: readonly ValidationPoint[],
): Promise<Section | null> {
  if (curve.length === 0) return null;
  const losses = quantityOf(curve, "loss");
  const lost = curve.length - losses.length;
  const warning =
    lost === 0 ? "" : `<p class="warning">At ${lost} of ${curve.length} steps the loss is not a finite number.</p>`;
  const charts = [
    await lossChart(losses, validationOf(validation, "loss")),
    await quantityChart("learning-rate", "Learning rate", quantityOf(curve, "learningRate"), () => rates),
    await quantityChart(
      "gradient-norm",
      "Gradient norm, before clipping",
      quantityOf(curve, "gradientNorm"),
      normScale,
    ),
    ...(await metricCharts(curve, validation)),
  ];
  return { id: "training", title: "Training", body: `${warning}<div class="charts">${charts.join("\n")}</div>` };
}

/** A chart for each metric, and for each loss where there are several. */
async function metricCharts(
  curve: readonly CurvePoint[],
  validation: readonly ValidationPoint[],
): Promise<readonly string[]> {
  const names = new Set(curve.flatMap(({ metrics }) => [...metrics.keys()]));
  const charts: string[] = [];
  for (const name of names) {
    const [first, second] = name.split("/");
    const title = second === undefined ? name : `${first} ${second}`;
    const id = `metric-${name.replaceAll("/", "-")}`;
    const heldOut = validationOf(validation, name);
    charts.push(await quantityChart(id, title, metricOf(curve, name), () => linear, heldOut));
  }
  return charts;
}

/** What was measured on held-out data, over what training steps say. */
function heldOutLine(values: readonly StepValue[]): readonly Line[] {
  return values.length === 0 ? [] : [{ values, colour: heldOutColour, thickness: 2.5 }];
}

const heldOutColour = themePalette.placements[1] ?? themePalette.ink;
const heldOutKey = '<span class="key held-out">held-out</span>';

/** `On held-out data from 0.693 at step 0 to 0.412 at step 90.` */
function describeHeldOut(values: readonly StepValue[]): string {
  const [first, last] = [values.at(0), values.at(-1)];
  if (first === undefined || last === undefined) return "";
  const end = `${last.value.toPrecision(4)} at step ${last.step}`;
  return ` On held-out data ${first === last ? end : `from ${first.value.toPrecision(4)} at step ${first.step} to ${end}`}.`;
}

async function lossChart(losses: readonly StepValue[], heldOut: readonly StepValue[]): Promise<string> {
  const span = smoothingSpan(losses.length);
  const smoothed = smooth(losses, span);
  const first = losses.at(0);
  const last = smoothed.at(-1);
  if (first === undefined || last === undefined) return "";
  const raw = { values: losses, colour: span > 1 ? themePalette.first : themePalette.last, thickness: 1.25 };
  const trained = span > 1 ? [raw, { values: smoothed, colour: themePalette.last, thickness: 2.5 }] : [raw];
  const lines = [...trained, ...heldOutLine(heldOut)];
  const trainedKeys =
    span > 1
      ? ['<span class="key first">each step</span>', `<span class="key last">smoothed over ${span} steps</span>`]
      : ['<span class="key last">each step</span>'];
  const keys = heldOut.length > 0 ? [...trainedKeys, heldOutKey] : span > 1 ? trainedKeys : [];
  const title = "Loss over steps";
  const description = `From ${first.value.toPrecision(4)} at step ${first.step} to ${last.value.toPrecision(4)}${span > 1 ? ", smoothed," : ""} at step ${last.step}.${describeHeldOut(heldOut)}`;
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawChart(lineChart(lines, width, variant === "wide" ? 280 : 210, linear), {
      id: `loss-${variant}`,
      title,
      description,
    }),
  );
  const legend = legendOf(keys);
  return `<figure class="card full"><figcaption>Loss${legend}</figcaption>${picture}</figure>`;
}

function legendOf(keys: readonly string[]): string {
  return keys.length === 0 ? "" : `<span class="legend">${keys.join("")}</span>`;
}

async function quantityChart(
  id: string,
  title: string,
  values: readonly StepValue[],
  scaleOf: (low: number, high: number) => Scale,
  heldOut: readonly StepValue[] = [],
): Promise<string> {
  const first = values.at(0);
  const last = values.at(-1);
  if (first === undefined || last === undefined) return "";
  const low = values.reduce((least, { value }) => Math.min(least, value), first.value);
  const high = values.reduce((most, { value }) => Math.max(most, value), first.value);
  const lines = [{ values, colour: themePalette.last, thickness: 1.5 }, ...heldOutLine(heldOut)];
  const description = `From ${first.value.toPrecision(3)} at step ${first.step} to ${last.value.toPrecision(3)} at step ${last.step}; at least ${low.toPrecision(3)}, at most ${high.toPrecision(3)}.${describeHeldOut(heldOut)}`;
  const picture = await inBothWidths({ wide: 500, narrow: 330 }, (width, variant) =>
    drawChart(lineChart(lines, width, 190, scaleOf(low, high)), {
      id: `${id}-${variant}`,
      title: `${title} over steps`,
      description,
    }),
  );
  const legend = heldOut.length === 0 ? "" : legendOf(['<span class="key last">each step</span>', heldOutKey]);
  return `<figure class="card"><figcaption>${title}${legend}</figcaption>${picture}</figure>`;
}

/** Norms that spread over decades need a logarithmic axis. */
function normScale(low: number, high: number): Scale {
  if (low <= 0 || high / low < wideSpread) return linear;
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => 10 ** (first + index));
  const steps = decades.length > 4 ? [1] : [1, 3];
  return { type: "log", format: "~g", ticks: decades.flatMap((decade) => steps.map((step) => step * decade)) };
}

function lineChart(lines: readonly Line[], width: number, height: number, scale: Scale): ChartSpec {
  return {
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    layer: lines.map(({ values, colour, thickness }) => ({
      data: pointsWithin(values, width),
      mark: {
        type: "line",
        color: colour,
        strokeWidth: thickness,
        strokeJoin: "round",
        point: values.length <= fewPoints ? { color: colour, size: 18 } : false,
      },
      encoding: {
        x: stepAxis(width > 400 ? 10 : 5),
        y: {
          field: "value",
          type: "quantitative",
          title: null,
          scale: scale.type === "log" ? { type: "log" } : { zero: false },
          axis: {
            ...(scale.ticks === null ? { tickCount: 5 } : { values: scale.ticks }),
            domain: false,
            ticks: false,
            labelExpr: zero,
            format: scale.format,
          },
        },
      },
    })),
  };
}
