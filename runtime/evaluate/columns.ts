import type { EvalColumn } from "../../compiler/index.ts";
import { at } from "../at.ts";

/**
 * The scores of columns, [volumes][columns], of those of classes, [volumes][classes]: each column has the largest of its classes' scores,
 * as CT-CLIP's `evaluate_external` has it.
 */
export function scoresOfColumns(
  scores: readonly ArrayLike<number>[],
  classes: readonly string[],
  columns: readonly EvalColumn[],
): readonly Float64Array[] {
  const places = columns.map(({ of }) => of.map((name) => classes.indexOf(name)));
  return scores.map((row) => Float64Array.from(places, (of) => Math.max(...of.map((place) => at(row, place)))));
}
