import { printable } from "../../grammar/index.ts";
import { at } from "../at.ts";
import {
  type DocumentCell,
  type DocumentRows,
  escapeMarkdown,
  latexTable,
  markdownTable,
  printCount,
  renderTable,
} from "../text/index.ts";
import type { ComparedMetric, ComparedRuns, RunComparison } from "./compare-runs.ts";
import { printResamples } from "./files.ts";
import { paperDocument, paperNotes } from "./paper-table.ts";
import { printDifference, printP } from "./print-difference.ts";

export const comparisonFormats = ["text", "markdown", "latex"] as const;
export type ComparisonFormat = (typeof comparisonFormats)[number];

/**
 * A comparison of runs as tables, for a terminal or to be pasted into a document: that of a paper, with a row for each run, and then of
 * each run but the first its differences from it. A terminal shows the first of them where there are more than two runs.
 */
export function renderRunComparison(
  { evaluations, comparisons }: ComparedRuns,
  labels: readonly string[],
  title: string,
  format: ComparisonFormat,
): string {
  const { table, heading, notes } = formats[format];
  const names = labels.map(printable);
  const runs = evaluations.map((evaluation, run) => ({ label: at(names, run), evaluation }));
  const paper = paperDocument(runs, comparisons, { hasIntervals: format !== "text" });
  const isShort = format === "text" && comparisons.length === 1;
  const pairs = comparisons.map((comparison, place) => {
    const pair = [at(names, 0), at(names, place + 1)] as const;
    const above = comparisons.length === 1 ? "" : heading(`${pair[1]} against ${pair[0]}`);
    return `${above}${[classRows(comparison, pair, title), overallRows(comparison, pair)].map(table).join("\n")}`;
  });
  const [first] = comparisons;
  return [
    ...(isShort ? [] : [table(paper), notes(paperNotes(runs))]),
    ...pairs,
    notes(first === undefined ? [] : aboutLines(first)),
  ].join("\n");
}

/** How tables, lines above them and lines below them are written. */
interface Format {
  readonly table: (rows: DocumentRows) => string;
  readonly heading: (text: string) => string;
  readonly notes: (lines: readonly string[]) => string;
}

const formats: Readonly<Record<ComparisonFormat, Format>> = {
  text: { table: textTable, heading: (text) => `${text}\n`, notes: (lines) => `${lines.join("\n")}\n` },
  markdown: {
    table: markdownTable,
    heading: (text) => `${escapeMarkdown(text)}\n\n`,
    notes: (lines) => `${lines.map(escapeMarkdown).join("\n")}\n`,
  },
  latex: {
    table: latexTable,
    heading: (text) => `% ${text}\n`,
    // The marks are explained in the document; how numbers were made is for who writes it.
    notes: (lines) => lines.map((line) => `% ${line}\n`).join(""),
  },
};

type Pair = readonly [first: string, second: string];

function classRows({ classes, correction }: RunComparison, names: Pair, title: string): DocumentRows {
  const corrected = correction === "holm" ? "p (Holm)" : "p (BH)";
  const rows = classes.map((each) => [
    printable(each.title),
    printCount(each.present),
    ...cellsOf(each),
    printP(each.adjusted),
  ]);
  return [[title, "present", ...names, "difference", "95 %", "p", corrected], ...rows];
}

function overallRows({ overall }: RunComparison, names: Pair): DocumentRows {
  return [
    ["over all classes", ...names, "difference", "95 %", "p"],
    ...overall.map((each) => [each.title, ...cellsOf(each)]),
  ];
}

function cellsOf({ values: [first, second], difference, interval, p }: ComparedMetric): readonly string[] {
  return [
    printValue(first),
    printValue(second),
    difference === null ? "-" : printDifference(difference),
    interval === null ? "" : `${printDifference(interval.low)} to ${printDifference(interval.high)}`,
    printP(p),
  ];
}

function printValue(value: number | null): string {
  return value === null ? "-" : value.toFixed(3);
}

function aboutLines({ examples, test, bootstrap, overall, classes }: RunComparison): readonly string[] {
  const drawn = printResamples({ bootstrap });
  const tests = classes.filter(({ p }) => p !== null).length;
  const own =
    test === "DeLong"
      ? `p of classes by DeLong's test${bootstrap.by === "volume" ? "" : `, by ${bootstrap.by}`}; of all classes by paired bootstrap`
      : "p by paired bootstrap";
  const left = Math.max(0, ...[...classes, ...overall].map(({ interval }) => interval?.leftOut ?? 0));
  return [
    `${printCount(examples)} ${examples === 1 ? "volume" : "volumes"}; differences are the second run less the first; intervals from ${drawn}`,
    `${own}; corrected for ${tests} ${tests === 1 ? "class" : "classes"}`,
    ...(left === 0
      ? []
      : [`up to ${printCount(left)} resamples in which a number is missing are left out of its interval`]),
  ];
}

function textTable(rows: DocumentRows): string {
  const textOf = (cell: DocumentCell): string => (typeof cell === "string" ? cell : cell.text);
  return renderTable(
    rows.map((cells) => cells.map(textOf)),
    (rows[0] ?? []).map((title, column) => (column === 0 || title === "95 %" ? "left" : "right")),
  );
}
