import { basename, resolve } from "node:path";
import { printable } from "../../grammar/index.ts";
import { type ComparedMetric, printResamples, type RunComparison } from "../evaluate/index.ts";
import { printCount, renderTable } from "../text/index.ts";

export const comparisonFormats = ["text", "markdown", "latex"] as const;
export type ComparisonFormat = (typeof comparisonFormats)[number];

/** A table by its rows, the first of which is its header; a column of text, then columns of numbers. */
type Rows = readonly (readonly string[])[];

/** A comparison of two runs as tables, for a terminal or to be pasted into a document. */
export function renderRunComparison(
  comparison: RunComparison,
  runs: readonly [string, string],
  title: string,
  format: ComparisonFormat,
): string {
  const names = namesOf(runs);
  const tables = [classRows(comparison, names, title), overallRows(comparison, names)];
  switch (format) {
    case "text":
      return [...tables.map(textTable), `${aboutLines(comparison).join("\n")}\n`].join("\n");
    case "markdown":
      return [...tables.map(markdownTable), `${aboutLines(comparison).map(escapeMarkdown).join("\n")}\n`].join("\n");
    case "latex":
      return [
        ...tables.map(latexTable),
        `${aboutLines(comparison)
          .map((line) => `% ${line}`)
          .join("\n")}\n`,
      ].join("\n");
  }
}

/** The last parts of the paths, unless they are the same. */
function namesOf([first, second]: readonly [string, string]): readonly [string, string] {
  const [a, b] = [basename(resolve(first)), basename(resolve(second))];
  return a === b ? [printable(first), printable(second)] : [printable(a), printable(b)];
}

function classRows({ classes, correction }: RunComparison, names: readonly [string, string], title: string): Rows {
  const corrected = correction === "holm" ? "p (Holm)" : "p (BH)";
  const rows = classes.map((each) => [
    printable(each.title),
    printCount(each.present),
    ...cellsOf(each),
    printP(each.adjusted),
  ]);
  return [[title, "present", ...names, "difference", "95 %", "p", corrected], ...rows];
}

function overallRows({ overall }: RunComparison, names: readonly [string, string]): Rows {
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

/** With its sign: `+0.076`, `−0.012`. */
function printDifference(value: number): string {
  const size = Math.abs(value).toFixed(3);
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
}

function printP(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? "<0.001" : p.toFixed(3);
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

function textTable(rows: Rows): string {
  return renderTable(
    rows,
    (rows[0] ?? []).map((title, column) => (column === 0 || title === "95 %" ? "left" : "right")),
  );
}

function markdownTable(rows: Rows): string {
  const lines = rows.map((cells) => `| ${cells.map(escapeMarkdown).join(" | ")} |`);
  const rule = `| ${(rows[0] ?? []).map((_, column) => (column === 0 ? ":--" : "--:")).join(" | ")} |`;
  return `${[...lines.slice(0, 1), rule, ...lines.slice(1)].join("\n")}\n`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\|*_`<>[\]]/g, (sign) => `\\${sign}`);
}

/** A `tabular` with the rules of the package booktabs. */
function latexTable(rows: Rows): string {
  const [header = [], ...others] = rows;
  const line = (cells: readonly string[]): string => `  ${cells.map(escapeLatex).join(" & ")} \\\\`;
  return [
    `\\begin{tabular}{l${"r".repeat(Math.max(0, header.length - 1))}}`,
    "  \\toprule",
    line(header),
    "  \\midrule",
    ...others.map(line),
    "  \\bottomrule",
    "\\end{tabular}\n",
  ].join("\n");
}

const latexSigns: ReadonlyMap<string, string> = new Map([
  ["\\", "\\textbackslash{}"],
  ["~", "\\textasciitilde{}"],
  ["^", "\\textasciicircum{}"],
  ["<", "$<$"],
  [">", "$>$"],
  ["−", "$-$"],
  ["+", "$+$"],
  ...["&", "%", "$", "#", "_", "{", "}"].map((sign) => [sign, `\\${sign}`] as const),
]);

function escapeLatex(text: string): string {
  return text.replace(/[\\~^<>−+&%$#_{}]/g, (sign) => latexSigns.get(sign) ?? sign);
}
