import type { DataSettings } from "../../../../compiler/index.ts";
import { at } from "../../../at.ts";
import { failed, listWords, ok, type Result } from "../../../text/index.ts";
import type { Labels } from "../../dataset.ts";
import { type LabelCell, type LabelCells, labelCell, labelOf } from "../../labels.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import type { VolumeMetadata } from "../../transforms/index.ts";
import { metadataColumns, parseMetadata, sameMetadata } from "./metadata.ts";
import { isEmptyReport, reportText } from "./report-text.ts";
import { columnsIn, type TableKind } from "./table-kind.ts";

/** Reports, made of these columns: a volume's text, see `reportText`. */
export function reportsKind({ report: sections, reportSeparator }: ReportSettings): TableKind<string> {
  const help = `${listWords(sections, "and")} ${sections.length === 1 ? "is" : "are"} blank or \`Not given.\``;
  return {
    title: "a reports table",
    columns: (header) => columnsIn(header, sections),
    accepts: null,
    parse: (cells) =>
      isEmptyReport(cells) ? failed(fault("its report is empty", help)) : ok(reportText(cells, reportSeparator)),
    same: (a, b) => a === b,
  };
}

/** Which columns of a table are a report, and what is put between them. */
export interface ReportSettings {
  readonly report: readonly string[];
  readonly reportSeparator: string;
}

/** CT-CLIP's. */
const usualSections = ["Findings_EN", "Impressions_EN"] as const;

/** The columns of a text: those that an input names, or else the `data` block's, or else CT-CLIP's. */
export function reportOf(
  columns: readonly string[] | null,
  { text, textSeparator }: Pick<DataSettings, "text" | "textSeparator">,
): ReportSettings {
  return { report: columns ?? text ?? usualSections, reportSeparator: textSeparator ?? "" };
}

/** Metadata: how a volume's voxels are scaled, and how far they are apart. */
export const metadataKind: TableKind<VolumeMetadata> = {
  title: "a metadata table",
  columns: (header) => columnsIn(header, metadataColumns),
  accepts: null,
  parse: parseMetadata,
  same: sameMetadata,
};

/** What a row says of classes, and the labels that come of it. */
export interface LabelRow {
  readonly cells: LabelCells;
  readonly labels: Labels;
}

/** Labels of these classes. */
export function labelsKind(classes: readonly string[]): TableKind<LabelRow> {
  return {
    title: "a labels table",
    columns: (header) => columnsIn(header, classes),
    accepts: null,
    parse: labelReader(),
    same: sameLabels,
  };
}

/**
 * Labels of whatever classes are there: the first table that is of no other kind and whose first row that says anything has
 * labels alone says which.
 */
export function anyLabelsKind(key: string, reportColumns: readonly string[]): TableKind<LabelRow> {
  let classes: readonly string[] | null = null;
  const others: readonly string[] = [...reportColumns, ...metadataColumns];
  return {
    title: "a labels table",
    columns: (header) => {
      if (classes !== null) return columnsIn(header, classes);
      const isOther = others.some((column) => header.includes(column));
      return {
        present: isOther ? [] : header.filter((column) => column !== key && !noClass.test(column)),
        missing: [],
      };
    },
    accepts: (cells, columns) => {
      const labels = cells.map(labelCell);
      if (labels.includes(null)) return "no";
      if (labels.every((label) => label === "blank")) return "unknown";
      classes ??= columns;
      return "yes";
    },
    parse: labelReader(),
    same: sameLabels,
  };
}

/** What pandas calls the numbers of rows when they become a column. */
const noClass = /^(index|level_\d+)$/;

/** Volumes with the same labels share one row, since there are many more volumes than patterns. */
function labelReader(): (cells: readonly string[], columns: readonly string[]) => Result<LabelRow, Fault> {
  const known = new Map<string, LabelRow>();
  return (texts, columns) => {
    const cells: [string, LabelCell][] = [];
    for (const [index, text] of texts.entries()) {
      const column = at(columns, index);
      const cell = labelCell(text);
      if (cell === null) {
        const message = `its label for ${quoted(column)} is ${quoted(text)}, but 0 or 1 is expected`;
        return failed(fault(message, "leave the cell blank, or write -1, where the label is not known"));
      }
      cells.push([column, cell]);
    }
    const key = JSON.stringify(cells);
    const labels = (): Labels => new Map(cells.map(([name, cell]) => [name, labelOf(cell)]));
    const row = known.get(key) ?? { cells: new Map(cells), labels: labels() };
    known.set(key, row);
    return ok(row);
  };
}

function sameLabels({ cells: a }: LabelRow, { cells: b }: LabelRow): boolean {
  return a.size === b.size && [...a].every(([name, cell]) => b.get(name) === cell);
}
