import { type ClassEvaluation, printMetric, type RocPoint } from "../evaluate/index.ts";
import { type ChartSpec, drawChart } from "./chart.ts";
import { coloursOf } from "./comparison.ts";
import { escapeMarkup, themePalette } from "./picture/index.ts";
import type { LabelledEvaluation } from "./types.ts";

const { last, line, muted } = themePalette;

/** The ROC curves of each class that has one, in small; nothing where no class has. */
export async function rocCharts(compared: readonly LabelledEvaluation[], task: string | null): Promise<string> {
  const colours = coloursOf(compared);
  const classes = compared.at(-1)?.evaluation.classes ?? [];
  const figures: string[] = [];
  for (const [row, { name }] of classes.entries()) {
    const own = compared.map(({ evaluation }) => evaluation.classes[row]);
    if (own.every((one) => one === undefined || one.roc.length === 0)) continue;
    const curves = own.map((one, order) => ({
      points: one === undefined ? [] : ratesOf(one),
      colour: colours[order] ?? last,
      isDashed: order < own.length - 1,
    }));
    const values = own.map((one) => (one === undefined ? "-" : printMetric(one.metrics.auroc))).join(" → ");
    const id = task === null ? `roc-${row}` : `roc-${task}-${row}`;
    const title = `ROC curve of ${name}`;
    const picture = await drawChart(rocSpec(curves), { id, title, description: `AUROC ${values}.` });
    figures.push(
      `<figure class="card roc"><figcaption>${escapeMarkup(name)}<span class="detail">${values}</span></figcaption>${picture}</figure>`,
    );
  }
  return figures.join("\n");
}

/** The corners of a curve as rates, without those that are nearer to the one before than a picture shows. */
function ratesOf({ roc, present, absent }: ClassEvaluation): readonly { readonly x: number; readonly y: number }[] {
  const nearest = 0.004;
  const rates: { readonly x: number; readonly y: number }[] = [];
  for (const [index, corner] of roc.entries()) {
    const rate = rateOf(corner, present, absent);
    const before = rates.at(-1);
    const isFar = before === undefined || Math.max(rate.x - before.x, rate.y - before.y) >= nearest;
    if (isFar || index === roc.length - 1) rates.push(rate);
  }
  return rates;
}

function rateOf(
  { falsePositives, truePositives }: RocPoint,
  present: number,
  absent: number,
): { x: number; y: number } {
  return { x: falsePositives / absent, y: truePositives / present };
}

interface RocCurve {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly colour: string;
  readonly isDashed: boolean;
}

function rocSpec(curves: readonly RocCurve[]): ChartSpec {
  const domain: number[] = [0, 1];
  const values: number[] = [0, 0.5, 1];
  const axis = { values, format: ".1~f", gridColor: line, domain: false, ticks: false } as const;
  const rate = { type: "quantitative", title: null, axis, scale: { domain } } as const;
  const encoding = { x: { ...rate, field: "x" }, y: { ...rate, field: "y" }, order: { field: "order" } } as const;
  const diagonal = [0, 1].map((end) => ({ x: end, y: end, order: end }));
  return {
    width: 150,
    height: 150,
    layer: [
      {
        data: { values: diagonal },
        mark: { type: "line", color: muted, strokeWidth: 1, strokeDash: [4, 3] },
        encoding,
      },
      ...curves.map(({ points, colour, isDashed }) => ({
        data: { values: points.map((point, order) => ({ ...point, order })) },
        mark: { type: "line" as const, color: colour, strokeWidth: 2, strokeDash: isDashed ? [5, 2] : [1, 0] },
        encoding,
      })),
    ],
  };
}
