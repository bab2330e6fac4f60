import { at } from "../at.ts";
import { type Alignment, printCount, renderTable } from "../text/index.ts";
import type { Groups } from "./groups.ts";
import { metrics } from "./metrics/index.ts";
import type { Evaluation, Metric } from "./results.ts";
import { printPolicy, thresholdCaution } from "./thresholds.ts";

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
  return toCsv([
    ["VolumeName", ...classes],
    ...scores.map((row, index) => {
      const known = at(labels, index);
      return [at(names, index), ...Array.from(row, (score, column) => (known[column] === null ? "" : String(score)))];
    }),
  ]);
}

/** Labels as a CSV file, of the shape that they have in CT-RATE; blank where they are missing. */
export function labelsToCsv(
  names: readonly string[],
  classes: readonly string[],
  labels: readonly (readonly (boolean | null)[])[],
): string {
  const cells = labels.map((row, index) => [
    at(names, index),
    ...row.map((label) => (label === null ? "" : String(Number(label)))),
  ]);
  return toCsv([["VolumeName", ...classes], ...cells]);
}

/** Which volumes are drawn together for intervals, by numbers, because the values of a column may say who somebody is. */
export function groupsToCsv(names: readonly string[], { of }: Groups): string {
  return toCsv([["VolumeName", "Group"], ...names.map((name, index) => [name, String(at(of, index))])]);
}

/** Rows as a CSV file. */
export function toCsv(rows: readonly (readonly string[])[]): string {
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

/**
 * An evaluation for a terminal: for each class what its scores are worth, and then its calls, the numbers over all, and what could
 * not be measured.
 */
export function evaluationTable(evaluation: Evaluation): string {
  const { examples, threshold } = evaluation;
  const about = [`${examples} ${examples === 1 ? "example" : "examples"}`, printPolicy(threshold)];
  const drawn = printResamples(evaluation);
  if (drawn !== "") about.push(`intervals from ${drawn}`);
  const caution = thresholdCaution(threshold);
  return [
    scoreTable(evaluation),
    callTable(evaluation),
    overallTable(evaluation),
    reasons("no AUROC", undefinedClasses(evaluation)),
    reasons("no calls", classesWithoutThreshold(evaluation)),
    reasons(
      "the same score for all, which says nothing",
      equalScores(evaluation).map((name) => ({ name, why: "" })),
    ),
    resamplesLeftOut(evaluation),
    `${about.join("; ")}\n${caution === null ? "" : `${mark} ${caution}\n`}`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** Marks what was chosen on the numbers that are shown. */
const mark = "*";

function scoreTable(evaluation: Evaluation): string {
  const { classes } = evaluation;
  const hasMissing = someMissing(evaluation);
  const shown = metrics.filter(({ from }) => from === "scores");
  const header = ["class", "present", ...(hasMissing ? ["missing"] : [])];
  const alignments: readonly Alignment[] = ["left", ...header.slice(1).map(() => "right" as const)];
  return renderTable(
    [
      [...header, ...shown.flatMap(({ name, title }) => (name === "auroc" ? [title, "95 %"] : [title]))],
      ...classes.map(({ name, present, missing, metrics: found }) => [
        name,
        String(present),
        ...(hasMissing ? [String(missing)] : []),
        ...shown.flatMap(({ name: metric }) => {
          const number = printMetric(found[metric]);
          return metric === "auroc" ? [number, printInterval(found[metric])] : [number];
        }),
      ]),
    ],
    // Only the AUROC has its interval beside it: more would not fit a terminal.
    [
      ...alignments,
      ...shown.flatMap(({ name }) => (name === "auroc" ? (["right", "left"] as const) : ["right" as const])),
    ],
  );
}

function callTable({ classes, threshold }: Evaluation): string {
  const shown = metrics.filter(({ from }) => from === "calls");
  const isChosen = threshold.kind !== "fixed";
  const title = threshold.kind === "fixed" ? `calls from ${threshold.value} on` : "calls";
  const column = thresholdCaution(threshold) === null ? "threshold" : `threshold ${mark}`;
  return renderTable(
    [
      [title, ...(isChosen ? [column] : []), ...shown.map((metric) => metric.title)],
      ...classes.map(({ name, threshold: own, metrics: found }) => [
        name,
        ...(isChosen ? [printThreshold(own)] : []),
        ...shown.map((metric) => printMetric(found[metric.name])),
      ]),
    ],
    ["left", ...(isChosen ? (["right"] as const) : []), ...shown.map(() => "right" as const)],
  );
}

function overallTable({ overall, threshold }: Evaluation): string {
  const isMarked = thresholdCaution(threshold) !== null;
  const rows = metrics.flatMap(({ from, overall: own }) =>
    own.map(({ name, title }) => [
      isMarked && from === "calls" ? `${title} ${mark}` : title,
      printMetric(overall[name]),
      printInterval(overall[name]),
    ]),
  );
  return renderTable([["over all classes", "", "95 %"], ...rows], ["left", "right", "left"]);
}

/** `1000 resamples of 120 patients, seed 0`; nothing where there were none. */
export function printResamples({ bootstrap }: Pick<Evaluation, "bootstrap">): string {
  if (bootstrap === null) return "";
  const { resamples, seed, by, groups } = bootstrap;
  const isKnown = by === "patient" || by === "scan" || by === "volume";
  const drawn = isKnown ? `${groups} ${by}${groups === 1 ? "" : "s"}` : `${groups} different values of "${by}"`;
  return `${printCount(resamples)} resamples of ${drawn}, seed ${seed}`;
}

/** As many digits as tell thresholds apart. */
export function printThreshold(threshold: number | null): string {
  return threshold === null ? "-" : threshold.toPrecision(3);
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

/** The classes that no threshold could be chosen for, each with the reason. */
export function classesWithoutThreshold({
  classes,
}: Evaluation): readonly { readonly name: string; readonly why: string }[] {
  return classes.flatMap(({ name, threshold, metrics: { accuracy } }) =>
    threshold === null && accuracy.value === null ? [{ name, why: accuracy.why }] : [],
  );
}

/** The classes whose scores are all one number, of which an AUROC of 0.5 with a narrow interval would look like knowledge. */
export function equalScores({ classes }: Evaluation): readonly string[] {
  return classes
    .filter(({ differentScores, present, absent }) => differentScores === 1 && present + absent > 1)
    .map(({ name }) => name);
}

function resamplesLeftOut(evaluation: Evaluation): string {
  const rows = thinIntervals(evaluation).map(({ name, leftOut }) => [`  ${name}`, String(leftOut)]);
  return rows.length === 0
    ? ""
    : `resamples without an AUROC, left out of its interval\n${renderTable(rows, ["left", "right"])}`;
}

function reasons(title: string, classes: readonly { readonly name: string; readonly why: string }[]): string {
  if (classes.length === 0) return "";
  return `${title}\n${renderTable(
    classes.map(({ name, why }) => [`  ${name}`, why]),
    ["left", "left"],
  )}`;
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
