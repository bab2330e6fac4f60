import { callMark, metrics, someMissing, undefinedClasses } from "../../evaluate/index.ts";
import { printCount } from "../../text/index.ts";
import { inBothWidths, renderTable, type Section, type TableColumn } from "../markup.ts";
import { escapeMarkup } from "../picture/index.ts";
import { drawBarChart } from "./bars.ts";
import { cellOf, differenceCells, differenceColumns } from "./differences.ts";
import { barOf } from "./overall.ts";
import { runLegend } from "./run-colours.ts";
import type { ComparisonReport } from "./types.ts";

/** The compared number of each class, such as its AUROC; null where there are no classes. */
export async function classesSection(report: ComparisonReport): Promise<Section | null> {
  const { runs, comparisons } = report;
  const classes = runs[0]?.evaluation.classes ?? [];
  if (classes.length === 0) return null;
  const compared = comparisons[0]?.metric ?? "auroc";
  const metric = metrics.find(({ name }) => name === compared);
  const title = `${metric?.title ?? compared}${metric?.from === "calls" ? callMark(runs) : ""}`;
  const rows = classes.map(({ name }, place) => ({
    name,
    values: runs.map(({ evaluation }) => {
      const own = evaluation.classes[place]?.metrics[compared];
      return own === undefined ? null : barOf(own);
    }),
  }));
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawBarChart({
      id: `classes-${variant}`,
      title: `${title} of each class`,
      description: "Bars are numbers, lines on them their 95 % intervals. The table has the same numbers.",
      ...{ rows, width, variant, chance: compared === "auroc" ? 0.5 : null },
    }),
  );
  const chance = compared === "auroc" ? " Dotted: chance." : "";
  const figure = `<figure class="card"><figcaption>${escapeMarkup(title)} with 95 % intervals${runLegend(runs)}</figcaption>${picture}</figure>`;
  const about = `<p class="about">${escapeMarkup(aboutDifferences(report))}${chance}</p>`;
  return {
    id: "classes",
    title: "Each class",
    body: `${figure}${classTable(report, title)}${about}${withoutNumbers(report)}`,
  };
}

function classTable({ runs, comparisons }: ComparisonReport, title: string): string {
  const [first] = runs;
  if (first === undefined) return "";
  const compared = comparisons[0]?.metric ?? "auroc";
  const hasMissing = someMissing(first.evaluation);
  const columns: readonly TableColumn[] = [
    { title: "class", align: "left" },
    ...["present", ...(hasMissing ? ["missing"] : []), ...runs.map(({ label }) => label)].map((own) => ({
      title: own,
      align: "right" as const,
    })),
    ...differenceColumns(runs, comparisons, comparisons[0]?.correction === "bh" ? "p (BH)" : "p (Holm)"),
  ];
  const rows = first.evaluation.classes.map(({ name, present, missing }, place) => [
    name,
    printCount(present),
    ...(hasMissing ? [printCount(missing)] : []),
    ...runs.map(({ evaluation }) => {
      const own = evaluation.classes[place]?.metrics[compared];
      return own === undefined ? "-" : cellOf(own);
    }),
    ...comparisons.flatMap(({ classes }) => {
      const found = classes[place];
      return found === undefined ? ["", "", ""] : differenceCells(found, { p: found.adjusted });
    }),
  ]);
  return renderTable(`${title} of each class`, columns, rows);
}

/** How the p of classes came about. */
function aboutDifferences({ comparisons }: ComparisonReport): string {
  const [first] = comparisons;
  if (first === undefined) return "";
  const { test, bootstrap, correction } = first;
  const by = bootstrap.by === "volume" ? "" : `, by ${bootstrap.by}`;
  const made = test === "DeLong" ? `DeLong's test${by}` : "paired bootstrap";
  const corrected = correction === "bh" ? "by Benjamini and Hochberg" : "by Holm";
  return `Differences are from the first run, with 95 % intervals by paired bootstrap and p by ${made}; in the last column of each, corrected for all classes ${corrected}.`;
}

/** Why classes have no AUROC, once for runs that agree. */
function withoutNumbers({ runs }: ComparisonReport): string {
  const reasons = new Set(
    runs.flatMap(({ evaluation }) => undefinedClasses(evaluation).map(({ name, why }) => `${name}: ${why}`)),
  );
  const items = [...reasons].map((text) => `<li>${escapeMarkup(text)}</li>`);
  return items.length === 0 ? "" : `<h3>Without an AUROC</h3><ul>${items.join("")}</ul>`;
}
