import { at } from "../at.ts";
import { type DocumentCell, type DocumentRows, printCount } from "../text/index.ts";
import type { RunComparison } from "./compare-runs.ts";
import { printResamples } from "./files.ts";
import { metrics, overallMetrics } from "./metrics/index.ts";
import type { Evaluation, Metric } from "./results.ts";
import { printPolicy, thresholdCaution } from "./thresholds.ts";

type Labelled = { readonly label: string; readonly evaluation: Evaluation };

/** The six numbers that papers on zero-shot classification of CT report (MedCT-VLM, arXiv 2512.00597), in its order. */
export const paperMetrics = ["accuracy", "macroF1", "microF1", "weightedF1", "samplesF1", "meanAuroc"] as const;
export type PaperMetric = (typeof paperMetrics)[number];

const titles = new Map<string, string>(overallMetrics);

export function paperTitle(metric: PaperMetric): string {
  return titles.get(metric) ?? metric;
}

/** A number of a run in such a table. */
export interface PaperCell {
  readonly metric: PaperMetric;
  /** In per cent: `68.9`; a dash where there is no number. */
  readonly text: string;
  /** `67.2–70.5`; empty where there is none. */
  readonly interval: string;
  /** Whether no run has a larger number as printed, and one has a smaller. */
  readonly isBest: boolean;
  /** How sure the difference from the first run is. */
  readonly mark: "" | "†" | "‡";
}

export interface PaperRow {
  readonly label: string;
  readonly cells: readonly PaperCell[];
}

/** The table of a paper: a row for each run, a column for each of the six numbers. */
export function paperRows(runs: readonly Labelled[], comparisons: readonly RunComparison[]): readonly PaperRow[] {
  const printed = runs.map(({ evaluation }) => paperMetrics.map((metric) => percent(evaluation.overall[metric])));
  return runs.map(({ label, evaluation }, run) => ({
    label,
    cells: paperMetrics.map((metric, column) => {
      const text = at(at(printed, run), column);
      const others = printed.map((row) => Number(at(row, column))).filter((value) => !Number.isNaN(value));
      const isBest = Number(text) === Math.max(...others) && Math.min(...others) < Math.max(...others);
      const found = run === 0 ? undefined : comparisons[run - 1]?.overall.find(({ name }) => name === metric);
      return { metric, text, interval: percents(evaluation.overall[metric]), isBest, mark: markOf(found?.p ?? null) };
    }),
  }));
}

function markOf(p: number | null): PaperCell["mark"] {
  if (p === null || p >= 0.05) return "";
  return p < 0.01 ? "‡" : "†";
}

/** The titles of its columns; marked where thresholds were chosen on what is measured. */
export function paperColumns(runs: readonly Labelled[]): readonly string[] {
  const mark = callMark(runs);
  return paperMetrics.map((metric) => {
    const of = metrics.find(({ overall }) => overall.some(({ name }) => name === metric));
    return `${titles.get(metric) ?? metric}${of?.from === "calls" ? mark : ""}`;
  });
}

/** Such a table for a document, with or without intervals. */
export function paperDocument(
  runs: readonly Labelled[],
  comparisons: readonly RunComparison[],
  { hasIntervals }: { readonly hasIntervals: boolean },
): DocumentRows {
  const cellOf = ({ text, interval, isBest, mark }: PaperCell): DocumentCell => ({
    text: `${text}${mark}${hasIntervals && interval !== "" ? ` (${interval})` : ""}`,
    isBold: isBest,
  });
  return [
    ["in %", ...paperColumns(runs)],
    ...paperRows(runs, comparisons).map(({ label, cells }) => [label, ...cells.map(cellOf)]),
  ];
}

/** What stands below such a table. */
export function paperNotes(runs: readonly Labelled[]): readonly string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { examples, bootstrap, classes } = first.evaluation;
  const of = `${printCount(examples)} ${examples === 1 ? "volume" : "volumes"}, ${printCount(classes.length)} ${classes.length === 1 ? "class" : "classes"}`;
  const drawn = printResamples({ bootstrap });
  return [
    `${of}${drawn === "" ? "" : `; 95 % intervals from ${drawn}`}; bold: the best`,
    ...(runs.length === 1
      ? []
      : [
          `† p < 0.05, ‡ p < 0.01 for the difference from ${first.label}, by paired bootstrap, not corrected for the number of comparisons`,
        ]),
    ...thresholdNotes(runs),
  ];
}

/** How the thresholds of runs came about, once where all have the same, and what that does to their numbers. */
export function thresholdNotes(runs: readonly Labelled[]): readonly string[] {
  const policies = runs.map(({ label, evaluation }) => ({ label, text: printPolicy(evaluation.threshold) }));
  const different = new Set(policies.map(({ text }) => text));
  const lines = different.size === 1 ? [...different] : policies.map(({ label, text }) => `${label}: ${text}`);
  const cautions = new Set(runs.flatMap(({ evaluation }) => thresholdCaution(evaluation.threshold) ?? []));
  return [...lines, ...[...cautions].map((caution) => `* ${caution}`)];
}

/** Marks numbers of calls where thresholds of a run were chosen on what is measured. */
export function callMark(runs: readonly Labelled[]): string {
  return runs.some(({ evaluation }) => thresholdCaution(evaluation.threshold) !== null) ? " *" : "";
}

/** `68.9` of 0.6888 */
export function percent({ value }: Metric): string {
  return value === null ? "-" : (100 * value).toFixed(1);
}

function percents(metric: Metric): string {
  if (metric.value === null || metric.interval === null) return "";
  return `${(100 * metric.interval.low).toFixed(1)}–${(100 * metric.interval.high).toFixed(1)}`;
}
