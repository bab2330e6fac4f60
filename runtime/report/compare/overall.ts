import { callMark, type Metric, metrics, paperColumns, paperNotes, paperRows } from "../../evaluate/index.ts";
import { inBothWidths, renderTable, type Section, type TableColumn } from "../markup.ts";
import { type BarValue, drawBarChart } from "./bars.ts";
import { cellOf, differenceCells, differenceColumns } from "./differences.ts";
import { renderNotes } from "./notes.ts";
import { radarFigure } from "./radar.ts";
import { runLegend } from "./run-colours.ts";
import type { ComparisonReport } from "./types.ts";

/** The six numbers of a paper, then all numbers over all classes. */
export async function overallSections(report: ComparisonReport): Promise<readonly Section[]> {
  const { runs } = report;
  const summary = `${await radarFigure(runs)}${summaryTable(report)}${renderNotes(paperNotes(runs))}`;
  return [
    { id: "summary", title: "Summary", body: summary },
    { id: "overall", title: "Over all classes", body: `${await overallFigure(report)}${overallTable(report)}` },
  ];
}

function summaryTable({ runs, comparisons }: ComparisonReport): string {
  const columns: readonly TableColumn[] = [
    { title: "in %", align: "left" },
    ...paperColumns(runs).map((title) => ({ title, align: "right" as const })),
  ];
  const rows = paperRows(runs, comparisons).map(({ label, cells }) => [
    label,
    ...cells.map(({ text, interval, isBest, mark: own }) => ({
      text: `${text}${own}`,
      detail: interval,
      isStrong: isBest,
    })),
  ]);
  return renderTable("The numbers of a paper", columns, rows);
}

const named = metrics.flatMap(({ from, overall }) => overall.map(({ name, title }) => ({ from, name, title })));

async function overallFigure({ runs }: ComparisonReport): Promise<string> {
  const mark = callMark(runs);
  const rows = named.map(({ from, name, title }) => ({
    name: `${title}${from === "calls" ? mark : ""}`,
    values: runs.map(({ evaluation }) => barOf(evaluation.overall[name])),
  }));
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawBarChart({
      id: `overall-${variant}`,
      title: "Numbers over all classes",
      description: "Bars are numbers, lines on them their 95 % intervals. The table has the same numbers.",
      ...{ rows, width, variant, chance: null },
    }),
  );
  const about = "Of Brier scores and calibration errors, the lower are the better.";
  return `<figure class="card"><figcaption>With 95 % intervals${runLegend(runs)}</figcaption>${picture}<p class="about">${about}</p></figure>`;
}

export function barOf(metric: Metric): BarValue | null {
  if (metric.value === null) return null;
  return { value: metric.value, low: metric.interval?.low ?? null, high: metric.interval?.high ?? null };
}

/** A row for each number, a column for each run, and what differs from the first. */
function overallTable({ runs, comparisons }: ComparisonReport): string {
  const mark = callMark(runs);
  const columns: readonly TableColumn[] = [
    { title: "over all classes", align: "left" },
    ...runs.map(({ label }) => ({ title: label, align: "right" as const })),
    ...differenceColumns(runs, comparisons, null),
  ];
  const rows = named.map(({ from, name, title }) => [
    `${title}${from === "calls" ? mark : ""}`,
    ...runs.map(({ evaluation }) => cellOf(evaluation.overall[name])),
    ...comparisons.flatMap(({ overall }) => {
      const found = overall.find((each) => each.name === name);
      return found === undefined ? ["", ""] : differenceCells(found, null);
    }),
  ]);
  const about = `<p class="about">Differences are from the first run, with 95 % intervals and p by paired bootstrap, not corrected.</p>`;
  return `${renderTable("Numbers over all classes", columns, rows)}${about}`;
}
