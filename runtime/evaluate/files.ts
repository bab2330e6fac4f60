import { at } from "../at.ts";
import { type Alignment, renderTable } from "../text/index.ts";
import { type ClassMetric, classMetrics, overallMetrics } from "./metrics.ts";
import type { Evaluation, Metric } from "./results.ts";

/**
 * Scores as a CSV file of the shape that labels have in CT-RATE: a column `VolumeName`, then one for each class. Numbers
 * have as many digits as it takes to read the same number again; a cell is empty where there is no label to hold a score against.
 */
export function scoresToCsv(
  names: readonly string[],
  classes: readonly string[],
  scores: readonly ArrayLike<number>[],
  labels: readonly (readonly (boolean | null)[])[],
): string {
  const rows = [
    ["VolumeName", ...classes],
    ...scores.map((row, index) => {
      const known = at(labels, index);
      return [at(names, index), ...Array.from(row, (score, column) => (known[column] === null ? "" : String(score)))];
    }),
  ];
  return rows.map((cells) => `${cells.map(quoteCell).join(",")}\n`).join("");
}

function quoteCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** An evaluation as JSON, one overall number or one class a line, so that two files can be compared line by line. */
export function evaluationToJson(
  { overall, classes, ...rest }: Evaluation,
  /** Why the numbers mean less than they seem to. */
  warnings: readonly string[] = [],
): string {
  const about = Object.entries(warnings.length === 0 ? rest : { warnings, ...rest }).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const numbers = Object.entries(overall).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const lines = [
    ...about,
    `  "overall": {\n${numbers.join(",\n")}\n  }`,
    `  "classes": [${classes.map((one) => `\n    ${JSON.stringify(one)}`).join(",")}${classes.length > 0 ? "\n  " : ""}]`,
  ];
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** An evaluation for a terminal: a line for each class, the numbers over all, and what could not be measured. */
export function evaluationTable(evaluation: Evaluation): string {
  const { classes, overall, examples, threshold, bootstrap } = evaluation;
  const hasMissing = someMissing(evaluation);
  const perClass = renderTable(
    [
      [
        "class",
        "present",
        ...(hasMissing ? ["missing"] : []),
        ...classMetrics.flatMap(([metric, title]) => (metric === "auroc" ? [title, "95 %"] : [title])),
      ],
      ...classes.map(({ name, present, missing, metrics }) => [
        name,
        String(present),
        ...(hasMissing ? [String(missing)] : []),
        ...classMetrics.flatMap(([metric]) => {
          const found = metrics[metric];
          return metric === "auroc" ? [printMetric(found), printInterval(found)] : [printMetric(found)];
        }),
      ]),
    ],
    [
      "left",
      "right",
      ...(hasMissing ? (["right"] as const) : []),
      ...classMetrics.flatMap(([metric]) => alignmentsOf(metric)),
    ],
  );
  const overAll = renderTable(
    [
      ["over all classes", "", "95 %"],
      ...overallMetrics.map(([metric, name]) => [name, printMetric(overall[metric]), printInterval(overall[metric])]),
    ],
    ["left", "right", "left"],
  );
  const drawn = bootstrap === null ? "" : `; intervals from ${bootstrap.resamples} resamples, seed ${bootstrap.seed}`;
  const about = `${examples} examples; present from a score of ${threshold} on${drawn}\n`;
  return [perClass, overAll, notMeasured(evaluation), resamplesLeftOut(evaluation), about]
    .filter((part) => part !== "")
    .join("\n");
}

/** Only the AUROC has its interval beside it: more would not fit a terminal. */
function alignmentsOf(metric: ClassMetric): readonly Alignment[] {
  return metric === "auroc" ? ["right", "left"] : ["right"];
}

/** Whether any label is missing, so that the missing ones are worth a column. */
export function someMissing({ classes }: Evaluation): boolean {
  return classes.some(({ missing }) => missing > 0);
}

/** The classes without an AUROC, each with the reason. */
export function undefinedClasses({ classes }: Evaluation): readonly { readonly name: string; readonly why: string }[] {
  return classes.flatMap(({ name, metrics: { auroc } }) => (auroc.value === null ? [{ name, why: auroc.why }] : []));
}

/** The classes with so few examples on one side that some resamples have no AUROC, and how many those are. */
export function thinIntervals({ classes }: Evaluation): readonly { readonly name: string; readonly leftOut: number }[] {
  return classes.flatMap(({ name, metrics: { auroc } }) => {
    const leftOut = auroc.value === null || auroc.interval === null ? 0 : auroc.interval.leftOut;
    return leftOut === 0 ? [] : [{ name, leftOut }];
  });
}

function resamplesLeftOut(evaluation: Evaluation): string {
  const rows = thinIntervals(evaluation).map(({ name, leftOut }) => [`  ${name}`, String(leftOut)]);
  return rows.length === 0
    ? ""
    : `resamples without an AUROC, left out of its interval\n${renderTable(rows, ["left", "right"])}`;
}

function notMeasured(evaluation: Evaluation): string {
  const rows = undefinedClasses(evaluation).map(({ name, why }) => [`  ${name}`, why]);
  return rows.length === 0 ? "" : `no AUROC\n${renderTable(rows, ["left", "left"])}`;
}

/** `0.793`; a dash where there is no number. */
export function printMetric({ value }: Metric): string {
  return value === null ? "-" : value.toFixed(3);
}

/** `0.671-0.894`, with a dash as in print; nothing where there is no interval. */
export function printInterval(metric: Metric): string {
  if (metric.value === null || metric.interval === null) return "";
  return `${metric.interval.low.toFixed(3)}–${metric.interval.high.toFixed(3)}`;
}
