import type { PlannedTensor } from "../../plan/index.ts";
import { withFewRows } from "./fewer-rows.ts";
import type { FoldedModule } from "./fold.ts";
import { probeValues, valueFor } from "./probe.ts";

/**
 * The places of rows in a table that is as it was but for these: each row of the parameter stands in one place. Null where a table
 * becomes something else, or the adapted weight is no table. It is computed from numbers without a pattern.
 */
export function replacedRows(whole: FoldedModule, all: PlannedTensor): readonly number[] | null {
  // Columns are not mixed either, and rows of numbers without a pattern differ in a few of them.
  const few = withFewRows(whole, 1);
  const { weight, isTurned } = few?.folded ?? whole;
  const rows = few === null ? all : few.narrowed(all);
  const [count = 0, width = 0] = rows.shape;
  const { shape } = weight.parameter;
  if (!isTurned || rows.shape.length !== 2 || shape[1] !== width) return null;
  const values = probeValues([weight.node], 3);
  const [before, own] = [weight.parameter, rows].map(({ path }) => values.get(path)?.data);
  if (before === undefined || own === undefined) return null;
  const after = valueFor(weight.node, values);
  const isRow = (data: ArrayLike<number>, row: number, at: number): boolean => {
    for (let column = 0; column < width; column++)
      if (data[row * width + column] !== after[at * width + column]) return false;
    return true;
  };
  const places = new Map<number, number>();
  for (let at = 0; at < (shape[0] ?? 0); at++) {
    if (isRow(before, at, at)) continue;
    const row = Array.from({ length: count }, (_, index) => index).find((index) => isRow(own, index, at));
    if (row === undefined || places.has(row)) return null;
    places.set(row, at);
  }
  const tokens = Array.from({ length: count }, (_, row) => places.get(row) ?? -1);
  return tokens.includes(-1) ? null : tokens;
}
