import type { ClassEvaluation } from "../evaluate/index.ts";
import { type ChartSpec, drawChart } from "./chart.ts";
import { coloursOf, evaluationLegend } from "./comparison.ts";
import { inBothWidths } from "./markup.ts";
import { printable, shorten, themePalette } from "./picture/index.ts";
import type { LabelledEvaluation } from "./types.ts";

const { card, ink, last, muted } = themePalette;

/** The AUROC of scores that say nothing. */
const chance = 0.5;

/** The AUROC of each class as a point on its interval; of a class without one, the reason. */
export async function aurocChart(compared: readonly LabelledEvaluation[], task: string | null): Promise<string> {
  const names = compared.at(-1)?.evaluation.classes.map(({ name }) => name) ?? [];
  if (names.length === 0) return "";
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawChart(aurocSpec(compared, names, width, variant === "narrow"), {
      id: task === null ? `auroc-${variant}` : `auroc-${task}-${variant}`,
      title: "AUROC of each class",
      description: "Points are AUROCs, lines their 95 % intervals. The table of classes has the same numbers.",
    }),
  );
  return `<figure class="card"><figcaption>AUROC with 95 % intervals${evaluationLegend(compared)}</figcaption>${picture}</figure>`;
}

function aurocSpec(
  compared: readonly LabelledEvaluation[],
  names: readonly string[],
  width: number,
  isNarrow: boolean,
): ChartSpec {
  const measured = compared.map(({ evaluation }) => evaluation.classes.map((one, row) => ({ row, ...aurocOf(one) })));
  const lowest = Math.min(chance, ...measured.flat().map(({ low, value }) => low ?? value ?? 1));
  const ticks = ticksFrom(lowest);
  const domain = ticks.slice(0, 1).concat(1);
  const shown = names.map((name) => shorten(printable(name), isNarrow ? 46 : 36));
  // Vega guesses the width of letters far too wide: the room for names is said here instead.
  const left = isNarrow ? 8 : 7 * Math.max(...shown.map((name) => name.length)) + 16;
  const rowNumbers = names.map((_, row) => row);
  const orders = compared.map((_, order) => order);
  const x = {
    type: "quantitative",
    scale: { domain, nice: false },
    title: "AUROC",
    axis: { values: ticks, format: ".1f", domain: false },
  } as const;
  const y = {
    field: "row",
    type: "nominal",
    sort: null,
    title: null,
    scale: {
      domain: rowNumbers,
      paddingInner: isNarrow ? 0.55 : 0.25,
      paddingOuter: isNarrow ? 0.55 : 0.2,
    },
    axis: isNarrow
      ? null
      : {
          labelExpr: "names[datum.value]",
          labelLimit: 0,
          labelPadding: 8,
          labelColor: ink,
          labelFontSize: 12,
          ticks: false,
          domain: false,
        },
  } as const;
  const below = { field: "order", type: "nominal", scale: { domain: orders } } as const;
  const colours = coloursOf(compared);
  return {
    params: [{ name: "names", value: shown }],
    width: width - left - 16,
    height: { step: isNarrow ? 44 : compared.length > 1 ? 30 : 22, for: "position" },
    padding: { left, right: 16, top: 4, bottom: 36 },
    autosize: "none",
    layer: [
      {
        data: { values: [{ chance }] },
        mark: { type: "rule", color: muted, strokeDash: [4, 3] },
        encoding: { x: { ...x, field: "chance" } },
      },
      ...measured.flatMap((rows, order) => {
        const values = rows.flatMap((row) => (row.value === null ? [] : [{ ...row, order }]));
        const colour = colours[order] ?? last;
        const isFinal = order === compared.length - 1;
        return [
          {
            data: { values: values.filter(({ low }) => low !== null) },
            mark: { type: "rule", color: colour, strokeWidth: 2 },
            encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, yOffset: below },
          },
          {
            data: { values },
            mark: {
              type: "point",
              color: colour,
              fill: isFinal ? colour : card,
              size: 55,
              opacity: 1,
              strokeWidth: 2,
            },
            encoding: { x: { ...x, field: "value" }, y, yOffset: below },
          },
          {
            data: {
              values: rows.flatMap((row) =>
                row.value === null && isFinal ? [{ ...row, order, why: printable(row.why) }] : [],
              ),
            },
            mark: { type: "text", align: "left", dx: 6, color: muted, fontStyle: "italic" },
            encoding: { x: { ...x, datum: chance }, y, text: { field: "why" } },
          },
        ] as const;
      }),
      ...(isNarrow
        ? [
            {
              data: { values: shown.map((name, row) => ({ row, name })) },
              mark: { type: "text", align: "left", baseline: "bottom", dy: -3, fontSize: 12 },
              encoding: {
                x: { ...x, datum: domain[0] },
                y: { ...y, bandPosition: 0 },
                text: { field: "name" },
              },
            } as const,
          ]
        : []),
    ],
  };
}

/** Each tenth from the one below a number up to 1. */
function ticksFrom(lowest: number): number[] {
  const start = Math.floor(lowest * 10);
  return Array.from({ length: 11 - start }, (_, index) => (start + index) / 10);
}

interface Auroc {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly why: string;
}

function aurocOf({ metrics: { auroc } }: ClassEvaluation): Auroc {
  if (auroc.value === null) return { value: null, low: null, high: null, why: auroc.why };
  return { value: auroc.value, low: auroc.interval?.low ?? null, high: auroc.interval?.high ?? null, why: "" };
}
