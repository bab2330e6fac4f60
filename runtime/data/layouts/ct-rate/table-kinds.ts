import { at } from "../../../at.ts";
import { failed, ok, type Result } from "../../../text/index.ts";
import type { Labels } from "../../dataset.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import type { VolumeMetadata } from "../../transforms/index.ts";
import { metadataColumns, parseMetadata, sameMetadata } from "./metadata.ts";
import { isEmptyReport, reportText } from "./report-text.ts";
import { columnsIn, nameColumn, type TableKind } from "./table-kind.ts";

export const reportColumns = ["Findings_EN", "Impressions_EN"] as const;

/** Reports: a volume's text, see `reportText`. */
export const reportsKind: TableKind<string> = {
  title: "a reports table",
  columns: (header) => columnsIn(header, reportColumns),
  accepts: null,
  parse: ([findings = "", impressions = ""]) =>
    isEmptyReport(findings, impressions)
      ? failed(fault("its report is empty", "Findings_EN and Impressions_EN are blank or `Not given.`"))
      : ok(reportText(findings, impressions)),
  same: (a, b) => a === b,
};

/** Metadata: how a volume's voxels are scaled, and how far they are apart. */
export const metadataKind: TableKind<VolumeMetadata> = {
  title: "a metadata table",
  columns: (header) => columnsIn(header, metadataColumns),
  accepts: null,
  parse: parseMetadata,
  same: sameMetadata,
};

/** Labels of these classes. */
export function labelsKind(classes: readonly string[]): TableKind<Labels> {
  return {
    title: "a labels table",
    columns: (header) => columnsIn(header, classes),
    accepts: null,
    parse: labelReader(),
    same: sameLabels,
  };
}

/**
 * Labels of whatever classes are there: the first table that is of no other kind and whose first row has a 0 or a 1 in
 * each cell says which.
 */
export function anyLabelsKind(): TableKind<Labels> {
  let classes: readonly string[] | null = null;
  const others: readonly string[] = [...reportColumns, ...metadataColumns];
  return {
    title: "a labels table",
    columns: (header) => {
      if (classes !== null) return columnsIn(header, classes);
      const isOther = others.some((column) => header.includes(column));
      return { present: isOther ? [] : header.filter((column) => !noClass.test(column)), missing: [] };
    },
    accepts: (cells, columns) => {
      if (!cells.every((cell) => labelIn(cell) !== null)) return false;
      classes ??= columns;
      return true;
    },
    parse: labelReader(),
    same: sameLabels,
  };
}

/** The volume's name, and what pandas calls the numbers of rows when they become a column. */
const noClass = new RegExp(`^(${nameColumn}|index|level_\\d+)$`);

/** Volumes with the same labels share one map, since there are many more volumes than patterns. */
function labelReader(): (cells: readonly string[], columns: readonly string[]) => Result<Labels, Fault> {
  const known = new Map<string, Labels>();
  return (cells, columns) => {
    const labels: [string, boolean][] = [];
    for (const [index, cell] of cells.entries()) {
      const column = at(columns, index);
      const label = labelIn(cell);
      if (label === null) {
        const found = cell.trim() === "" ? "empty" : quoted(cell);
        return failed(fault(`its label for ${quoted(column)} is ${found}, but 0 or 1 is expected`));
      }
      labels.push([column, label]);
    }
    const key = JSON.stringify(labels);
    const value = known.get(key) ?? new Map(labels);
    known.set(key, value);
    return ok(value);
  };
}

/** 0 and 1, also as pandas writes them in a column where some are missing: 0.0 and 1.0. */
function labelIn(cell: string): boolean | null {
  const text = cell.trim();
  if (text === "0" || text === "0.0") return false;
  return text === "1" || text === "1.0" ? true : null;
}

function sameLabels(a: Labels, b: Labels): boolean {
  return a.size === b.size && [...a].every(([name, label]) => b.get(name) === label);
}
