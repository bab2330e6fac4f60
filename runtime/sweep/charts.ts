import {
  type ChartSpec,
  drawChart,
  inBothWidths,
  pointsWithin,
  smooth,
  smoothingSpan,
  stepAxis,
  themePalette,
} from "../report/index.ts";
import type { StepValue } from "./results.ts";
import { legendOf, type Series } from "./series.ts";

const { ink, muted } = themePalette;

/** The AUROC of scores that say nothing. */
const chance = 0.5;
/** Seeds of an entry stand beside each other: each one so much further to the right, where parameters are multiplied. */
const besides = 1.025;

/** Mean AUROC of each run, with its interval, against the number of parameters that it trains; nothing where no run has one. */
export async function costChart(series: readonly Series[]): Promise<string> {
  const points = series.flatMap(({ number, colour, runs }) =>
    runs.flatMap(({ plan, evaluation }, seed) => {
      const auroc = evaluation?.overall.meanAuroc;
      if (auroc === undefined || auroc.value === null || plan.totals.trainable === 0) return [];
      const { low = auroc.value, high = auroc.value } = auroc.interval ?? {};
      return [{ number, colour, x: plan.totals.trainable * besides ** seed, value: auroc.value, low, high, seed }];
    }),
  );
  if (points.length === 0) return "";
  const counts = points.map(({ x }) => x);
  const countDomain = [Math.min(...counts) / 1.3, Math.max(...counts) * 1.3];
  // Of what is measured, so that entries are told apart; the line of chance is there where it lies within.
  const lowest = Math.floor(20 * Math.min(...points.map(({ low }) => low))) / 20;
  const highest = Math.ceil(20 * Math.max(...points.map(({ high }) => high))) / 20;
  const aurocDomain = [lowest, Math.max(highest, lowest + 0.05)];
  const x = (width: number) =>
    ({
      field: "x",
      type: "quantitative",
      title: "trainable parameters",
      scale: { type: "log", domain: countDomain, nice: false },
      axis: { grid: false, format: "~s", tickCount: width > 400 ? 8 : 3 },
    }) as const;
  const y = {
    type: "quantitative",
    title: "mean AUROC",
    scale: { domain: aurocDomain, nice: false },
    axis: { tickCount: 6, format: ".2f", domain: false, ticks: false },
  } as const;
  const colour = { field: "colour", type: "nominal", scale: null, legend: null } as const;
  const specOf = (width: number, height: number): ChartSpec => ({
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    data: { values: points },
    layer: [
      {
        data: { values: lowest <= chance ? [{ chance }] : [] },
        mark: { type: "rule", color: muted, strokeDash: [4, 3] },
        encoding: { y: { ...y, field: "chance" } },
      },
      {
        mark: { type: "rule", strokeWidth: 2 },
        encoding: { x: x(width), y: { ...y, field: "low" }, y2: { field: "high" }, color: colour },
      },
      {
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: { x: x(width), y: { ...y, field: "value" }, color: colour },
      },
      {
        transform: [{ filter: "datum.seed === 0" }],
        mark: { type: "text", align: "right", dx: -8, dy: -7, fontSize: 12, fontWeight: 600, color: ink },
        encoding: { x: x(width), y: { ...y, field: "value" }, text: { field: "number", type: "nominal" } },
      },
    ],
  });
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawChart(specOf(width, variant === "wide" ? 340 : 260), {
      id: `cost-${variant}`,
      title: "Mean AUROC against trainable parameters",
      description: "Points are mean AUROCs, lines their 95 % intervals. The table of results has the same numbers.",
    }),
  );
  const caption = "Mean AUROC with 95 % interval against trainable parameters, on a logarithmic axis";
  return `<figure class="card"><figcaption>${caption}</figcaption>${picture}${legendOf(series)}</figure>`;
}

/** How mean AUROC and losses went over the steps; a run that is not done has what it came to. */
export async function curveCharts(series: readonly Series[]): Promise<string> {
  const aurocs = await linesChart("auroc", "Mean AUROC on held-out volumes", series, ({ aurocs: values }) => values);
  const losses = await linesChart("losses", "Loss, smoothed", series, ({ losses: values }) =>
    smooth(values, smoothingSpan(values.length)),
  );
  const heldOut = await linesChart(
    "held-out-losses",
    "Loss on held-out examples",
    series,
    ({ validationLosses }) => validationLosses,
  );
  const charts = `${aurocs}${losses}${heldOut}`;
  return charts === "" ? "" : `<div class="charts">${charts}</div>${legendOf(series)}`;
}

async function linesChart(
  id: string,
  title: string,
  series: readonly Series[],
  valuesOf: (run: Series["runs"][number]) => readonly StepValue[],
): Promise<string> {
  const lines = series.flatMap(({ colour, dash, runs }) =>
    runs.flatMap((run) => {
      const values = valuesOf(run);
      return values.length === 0 ? [] : [{ colour, dash, values }];
    }),
  );
  if (lines.length === 0) return "";
  const specOf = (width: number): ChartSpec => ({
    width,
    height: 260,
    autosize: { type: "fit", contains: "padding" },
    layer: lines.map(({ colour, dash, values }) => ({
      data: pointsWithin(values, width),
      mark: { type: "line", color: colour, strokeWidth: 1.75, strokeJoin: "round", strokeDash: [...dash] },
      encoding: {
        x: stepAxis(5),
        y: {
          field: "value",
          type: "quantitative",
          title: null,
          scale: { zero: false },
          axis: { tickCount: 5, domain: false, ticks: false, format: ".3~g" },
        },
      },
    })),
  });
  const picture = await inBothWidths({ wide: 500, narrow: 330 }, (width, variant) =>
    drawChart(specOf(width), {
      id: `${id}-${variant}`,
      title: `${title}, over steps`,
      description: `${lines.length} runs, one line each.`,
    }),
  );
  return `<figure class="card"><figcaption>${title}</figcaption>${picture}</figure>`;
}
