import {
  type Metric,
  metrics,
  paperMetrics,
  paperNotes,
  paperRows,
  paperTitle,
  printInterval,
  printMetric,
} from "../../evaluate/index.ts";
import { escapeMarkup } from "../escape.ts";
import { renderTable, type Section, type TableCell, type TableColumn } from "../markup.ts";
import { differenceCells, differenceColumns } from "./differences.ts";
import { radarFigure } from "./radar.ts";
import type { ComparisonReport } from "./types.ts";

/** The numbers over all classes: the six of a paper first. */
export async function overallSections(report: ComparisonReport): Promise<readonly Section[]> {
  const { runs } = report;
  const notes = paperNotes(runs).map((note) => `<p class="about">${escapeMarkup(note)}.</p>`);
  return [
    { id: "summary", title: "Summary", body: `${await radarFigure(runs)}${summaryTable(report)}${notes.join("\n")}` },
    { id: "overall", title: "Over all classes", body: overallTable(report) },
  ];
}

function summaryTable({ runs, comparisons }: ComparisonReport): string {
  const columns: readonly TableColumn[] = [
    { title: "in %", align: "left" },
    ...paperMetrics.map((metric) => ({ title: paperTitle(metric), align: "right" as const })),
  ];
  const rows = paperRows(runs, comparisons).map(({ label, cells }) => [
    label,
    ...cells.map(({ text, interval, isBest, mark }) => ({
      text: `${text}${mark}`,
      detail: interval,
      isStrong: isBest,
    })),
  ]);
  return renderTable("The numbers of a paper", columns, rows);
}

/** A row for each number, a column for each run, and what differs from the first. */
function overallTable({ runs, comparisons }: ComparisonReport): string {
  const columns: readonly TableColumn[] = [
    { title: "over all classes", align: "left" },
    ...runs.map(({ label }) => ({ title: label, align: "right" as const })),
    ...differenceColumns(runs, comparisons, null),
  ];
  const rows = metrics.flatMap(({ overall }) =>
    overall.map(({ name, title }) => [
      title,
      ...runs.map(({ evaluation }) => cellOf(evaluation.overall[name])),
      ...comparisons.flatMap((comparison) => {
        const found = comparison.overall.find((each) => each.name === name);
        return found === undefined ? ["", ""] : differenceCells(found, null);
      }),
    ]),
  );
  return renderTable("Numbers over all classes", columns, rows);
}

function cellOf(metric: Metric): TableCell {
  return { text: printMetric(metric), detail: printInterval(metric) };
}
