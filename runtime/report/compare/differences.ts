import { type ComparedMetric, printDifference, printP, type RunComparison } from "../../evaluate/index.ts";
import type { TableCell, TableColumn } from "../markup.ts";
import type { ComparedEvaluation } from "./types.ts";

/** The columns of what each run but the first differs by from it; with `adjusted` also p as it is corrected. */
export function differenceColumns(
  runs: readonly ComparedEvaluation[],
  comparisons: readonly RunComparison[],
  adjusted: string | null,
): readonly TableColumn[] {
  return comparisons.flatMap((_, place) => {
    const of = comparisons.length === 1 ? "" : ` ${runs[place + 1]?.label ?? ""}`;
    const titles = [`difference${of}`, "p", ...(adjusted === null ? [] : [adjusted])];
    return titles.map((title) => ({ title, align: "right" as const }));
  });
}

/** The cells of these columns. */
export function differenceCells(
  { difference, interval, p }: ComparedMetric,
  adjusted: { readonly p: number | null } | null,
): readonly (string | TableCell)[] {
  const shown: TableCell = {
    text: difference === null ? "-" : printDifference(difference),
    detail: interval === null ? "" : `${printDifference(interval.low)} to ${printDifference(interval.high)}`,
  };
  return [shown, printP(p), ...(adjusted === null ? [] : [printP(adjusted.p)])];
}
