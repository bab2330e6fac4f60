import { at } from "../../at.ts";
import { type ClassEvaluation, printMetric, type RecallPoint, recallPoints } from "../../evaluate/index.ts";
import { renderTable, type Section, type TableColumn } from "../markup.ts";
import { escapeMarkup } from "../picture/index.ts";
import type { ClassColumn } from "./class-columns.ts";
import { renderDetails } from "./details.ts";
import { runLegend } from "./run-colours.ts";
import type { Point } from "./thin-curve.ts";
import type { ComparisonReport } from "./types.ts";
import { drawUnitPlot, type UnitPlot } from "./unit-plot.ts";

const side = 150;

/** The ROC curve of each class that has one, of all runs in one chart; null where there is none. */
export function rocSection({ runs }: ComparisonReport, columns: readonly ClassColumn[]): Section | null {
  const rows: (readonly string[])[] = [];
  const figures = columns.flatMap(({ place, name }) => {
    const own = runs.map(({ evaluation }) => at(evaluation.classes, place));
    const curves = own.flatMap((one, run) => (one.roc.length === 0 ? [] : [{ run, points: rocPoints(one) }]));
    if (curves.length === 0) return [];
    rows.push(
      ...curves.map(({ run, points }) => [
        name,
        at(runs, run).label,
        printMetric(at(own, run).metrics.auroc),
        ...falseRates.map((rate) => heightAt(points, rate).toFixed(3)),
      ]),
    );
    const values = own.map(({ metrics }) => printMetric(metrics.auroc)).join(runs.length > 2 ? ", " : " → ");
    const plot: UnitPlot = {
      id: `roc-${place}`,
      title: `ROC curve of ${name}`,
      description: `AUROC ${values}.`,
      ...{
        curves,
        chance: [
          [0, 0],
          [1, 1],
        ],
        side,
      },
    };
    return [smallFigure(name, values, drawUnitPlot(plot))];
  });
  if (figures.length === 0) return null;
  const axes = "AUROC beside the names. Horizontal: false positive rate. Vertical: true positive rate. Dotted: chance.";
  const table = curveTable(
    "True positive rates of the ROC curves",
    "AUROC",
    falseRates.map((rate) => `at a false positive rate of ${rate}`),
    rows,
  );
  return { id: "roc", title: "ROC curves", body: curvesBody(axes, runLegend(runs), figures, table) };
}

/** The precision-recall curve of each class that occurs, likewise. */
export function recallSection({ runs }: ComparisonReport, columns: readonly ClassColumn[]): Section | null {
  const rows: (readonly string[])[] = [];
  const figures = columns.flatMap(({ place, name, labels, scores }) => {
    const own = runs.map(({ evaluation }) => at(evaluation.classes, place));
    const curves = scores.flatMap((column, run) => {
      const found = column === null ? [] : recallPoints(column, labels);
      return found.length === 0 ? [] : [{ run, found, points: recallSteps(found) }];
    });
    const [first] = own;
    if (curves.length === 0 || first === undefined) return [];
    rows.push(
      ...curves.map(({ run, found }) => [
        name,
        at(runs, run).label,
        printMetric(at(own, run).metrics.averagePrecision),
        ...recalls.map((recall) => (found.find((point) => point.recall >= recall)?.precision ?? Number.NaN).toFixed(3)),
      ]),
    );
    const values = own.map(({ metrics }) => printMetric(metrics.averagePrecision)).join(runs.length > 2 ? ", " : " → ");
    const share = first.present / (first.present + first.absent);
    const plot: UnitPlot = {
      id: `recall-${place}`,
      title: `Precision-recall curve of ${name}`,
      description: `Average precision ${values}; ${share.toFixed(3)} of the labels are present.`,
      ...{
        curves,
        chance: [
          [0, share],
          [1, share],
        ],
        side,
      },
    };
    return [smallFigure(name, values, drawUnitPlot(plot))];
  });
  if (figures.length === 0) return null;
  const axes =
    "Average precision beside the names. Horizontal: recall. Vertical: precision. Dotted: chance, which is the share of present labels.";
  const table = curveTable(
    "Precisions of the precision-recall curves",
    "AP",
    recalls.map((recall) => `at a recall of ${recall}`),
    rows,
  );
  return {
    id: "precision-recall",
    title: "Precision-recall curves",
    body: curvesBody(axes, runLegend(runs), figures, table),
  };
}

const falseRates = [0.05, 0.1, 0.2, 0.5] as const;
const recalls = [0.25, 0.5, 0.75, 0.9] as const;

/** The corners of a ROC curve, as rates. */
function rocPoints({ roc, present, absent }: ClassEvaluation): readonly Point[] {
  return roc.map(({ falsePositives, truePositives }) => [falsePositives / absent, truePositives / present]);
}

/** The steps of a precision-recall curve: the area below them is the average precision. */
function recallSteps(points: readonly RecallPoint[]): readonly Point[] {
  return points.flatMap(({ recall, precision }, place): readonly Point[] => {
    const from = points[place - 1]?.recall ?? 0;
    return [
      [from, precision],
      [recall, precision],
    ];
  });
}

/** How high a rising curve is at a place; at a step, its upper end. */
function heightAt(points: readonly Point[], place: number): number {
  const after = points.findIndex(([x]) => x > place);
  if (after <= 0) return points.at(-1)?.[1] ?? Number.NaN;
  const [[fromX, fromY], [toX, toY]] = [at(points, after - 1), at(points, after)];
  return fromY + ((toY - fromY) * (place - fromX)) / (toX - fromX);
}

export function smallFigure(name: string, values: string, picture: string): string {
  return `<figure class="card roc"><figcaption>${escapeMarkup(name)}<span class="detail">${escapeMarkup(values)}</span></figcaption>${picture}</figure>`;
}

function curveTable(
  caption: string,
  area: string,
  places: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const columns: readonly TableColumn[] = [
    { title: "class", align: "left" },
    { title: "run", align: "left" },
    ...[area, ...places].map((title) => ({ title, align: "right" as const })),
  ];
  return renderDetails("Numbers of these curves", renderTable(caption, columns, rows));
}

export function curvesBody(axes: string, legend: string, figures: readonly string[], table: string): string {
  return `<p class="about">${axes} ${legend}</p><div class="rocs">${figures.join("\n")}</div>${table}`;
}
