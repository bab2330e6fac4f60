import {
  type ComparedMetric,
  type Metric,
  printDifference,
  printInterval,
  printMetric,
  printP,
  type RunComparison,
} from "../../evaluate/index.ts";
import type { TableCell, TableColumn } from "../markup.ts";
import type { ComparedEvaluation } from "./types.ts";

export function cellOf(metric: Metric): TableCell {
  return { text: printMetric(metric), detail: printInterval(metric) };
}

/** The columns of what each run but the first differs by from it; `corrected` is what p is called that is so, null for none. */
export function differenceColumns(
  runs: readonly ComparedEvaluation[],
  comparisons: readonly RunComparison[],
  corrected: string | null,
): readonly TableColumn[] {
  return comparisons.flatMap((_, place) => {
    const of = comparisons.length === 1 ? "" : `, ${runs[place + 1]?.label ?? ""}`;
    const titles = [`difference${of}`, "p", ...(corrected === null ? [] : [corrected])];
    return titles.map((title) => ({ title, align: "right" as const }));
  });
}

/** The cells of these columns; `corrected` is null for none. */
export function differenceCells(
  { difference, interval, p }: ComparedMetric,
  corrected: { readonly p: number | null } | null,
): readonly (string | TableCell)[] {
  const shown: TableCell = {
    text: difference === null ? "-" : printDifference(difference),
    detail: interval === null ? "" : `${printDifference(interval.low)} to ${printDifference(interval.high)}`,
  };
  return [shown, printP(p), ...(corrected === null ? [] : [printP(corrected.p)])];
}
