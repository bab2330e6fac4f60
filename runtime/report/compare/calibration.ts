import { at } from "../../at.ts";
import { areChances, printMetric, type ReliabilityBin, reliabilityBins } from "../../evaluate/index.ts";
import { printCount } from "../../text/index.ts";
import { inBothWidths, renderTable, type Section, type TableColumn } from "../markup.ts";
import { escapeMarkup } from "../picture/index.ts";
import type { ClassColumn } from "./class-columns.ts";
import { curvesBody, smallFigure } from "./curve-sections.ts";
import { renderDetails } from "./details.ts";
import { runLegend } from "./run-colours.ts";
import type { Point } from "./thin-curve.ts";
import type { ComparisonReport } from "./types.ts";
import { drawUnitPlot, type UnitPlot } from "./unit-plot.ts";

/** Reliability diagrams: of all classes together, then of each. Scores that are no chances have none. */
export async function calibrationSection(
  report: ComparisonReport,
  columns: readonly ClassColumn[],
): Promise<Section | null> {
  const { runs, labels } = report;
  if (columns.length === 0) return null;
  const section = { id: "calibration", title: "Calibration" };
  const wrong = runs.find(({ scores }) => !areChances(scores, labels));
  if (wrong !== undefined) {
    const body = `<p class="about">Scores of ${escapeMarkup(wrong.label)} are not all from 0 to 1: they are no chances, which calibration is of.</p>`;
    return { ...section, body };
  }
  const binsOf = (own: readonly ClassColumn[]): readonly (readonly ReliabilityBin[])[] =>
    runs.map((_, run) => {
      const known = own.flatMap(({ scores, labels: of }) => {
        const column = scores[run] ?? null;
        return column === null ? [] : [{ column, of }];
      });
      const scores = known.flatMap(({ column }) => Array.from(column));
      return reliabilityBins(
        Float64Array.from(scores),
        known.flatMap(({ of }) => of),
      );
    });
  const pooled = binsOf(columns);
  const errors = (of: (run: number) => string): string =>
    runs.map((_, run) => of(run)).join(runs.length > 2 ? ", " : " → ");
  const overall = errors((run) => printMetric(at(runs, run).evaluation.overall.calibrationError));
  const together = await inBothWidths({ wide: 420, narrow: 270 }, (side, variant) =>
    drawUnitPlot({
      id: `calibration-${variant}`,
      title: "Reliability of all classes together",
      description: `The mean over classes of the calibration error is ${overall}. The table has the bins.`,
      ...plotOf(pooled, side),
    }),
  );
  const byClass = columns.map((column) => ({ name: column.name, bins: binsOf([column]) }));
  const figures = columns.map((column, index) => {
    const values = errors((run) =>
      printMetric(at(at(runs, run).evaluation.classes, column.place).metrics.calibrationError),
    );
    const plot = {
      id: `calibration-${column.place}`,
      title: `Reliability of ${column.name}`,
      description: `ECE ${values}.`,
    };
    return smallFigure(column.name, values, drawUnitPlot({ ...plot, ...plotOf(at(byClass, index).bins, 150) }));
  });
  const axes = [
    "Expected calibration errors (ECE) beside the names.",
    "Horizontal: mean score, in 15 bins of equal width. Vertical: share of them that is present. Below: how many scores each bin has.",
    "Dotted: scores that are the chances.",
  ].join(" ");
  const all = `<figure class="card middle"><figcaption>All classes together<span class="detail">mean ECE of classes ${overall}</span></figcaption>${together}</figure>`;
  const tables = [
    renderDetails(
      "Bins of all classes together",
      binTable(report, "Scores and labels of all classes, by bins of scores", [{ name: null, bins: pooled }]),
    ),
    renderDetails(
      "Bins of each class",
      binTable(report, "Scores and labels of each class, by bins of scores", byClass),
    ),
  ];
  return { ...section, body: `${all}${curvesBody(axes, runLegend(runs), figures, tables.join(""))}` };
}

function plotOf(
  bins: readonly (readonly ReliabilityBin[])[],
  side: number,
): Omit<UnitPlot, "id" | "title" | "description"> {
  return {
    curves: bins.map((own, run) => ({ run, points: own.flatMap(pointOf) })),
    ...{
      chance: [
        [0, 0],
        [1, 1],
      ],
      side,
      hasPoints: true,
    },
    counts: bins.map((own) => own.map(({ count }) => count)),
  };
}

function pointOf({ count, present, meanScore }: ReliabilityBin): readonly Point[] {
  return meanScore === null ? [] : [[meanScore, present / count]];
}

/** The bins of a class, or of all where it has no name, of each run. */
interface NamedBins {
  readonly name: string | null;
  readonly bins: readonly (readonly ReliabilityBin[])[];
}

/** A row for each bin that a run has a score in. */
function binTable({ runs }: ComparisonReport, caption: string, classes: readonly NamedBins[]): string {
  const isNamed = classes.some(({ name }) => name !== null);
  const columns: readonly TableColumn[] = [
    ...(isNamed ? [{ title: "class", align: "left" } as const] : []),
    { title: "scores", align: "left" },
    ...runs.flatMap(({ label }) =>
      [`${label}: labels`, "mean score", "present"].map((title) => ({ title, align: "right" as const })),
    ),
  ];
  const rows = classes.flatMap(({ name, bins }) =>
    (bins[0] ?? []).flatMap(({ low, high }, bin) => {
      if (bins.every((own) => at(own, bin).count === 0)) return [];
      const cells = bins.flatMap((own) => {
        const { count, present, meanScore } = at(own, bin);
        const shares = [meanScore, count === 0 ? null : present / count];
        return [printCount(count), ...shares.map((share) => (share === null ? "-" : share.toFixed(3)))];
      });
      return [[...(name === null ? [] : [name]), `${low.toFixed(2)} to ${high.toFixed(2)}`, ...cells]];
    }),
  );
  return renderTable(caption, columns, rows);
}
