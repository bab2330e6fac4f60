import { at } from "../../at.ts";
import type { ComparisonReport } from "./types.ts";

/** One class of a comparison: its labels, and what each run scores. */
export interface ClassColumn {
  readonly place: number;
  readonly name: string;
  readonly labels: readonly (boolean | null)[];
  /** Of each run; null where the run has scores of the class that are not finite numbers. */
  readonly scores: readonly (Float64Array | null)[];
}

/** The classes, in their order. */
export function classColumns({ runs, labels }: ComparisonReport): readonly ClassColumn[] {
  const classes = runs[0]?.evaluation.classes ?? [];
  return classes.map(({ name }, place) => ({
    place,
    name,
    labels: labels.map((row) => at(row, place)),
    scores: runs.map(({ scores }) => {
      const column = Float64Array.from(scores, (row) => at(row, place));
      return column.every(Number.isFinite) ? column : null;
    }),
  }));
}
