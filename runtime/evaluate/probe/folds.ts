import { at } from "../../at.ts";
import { generator } from "../../random.ts";
import type { Groups } from "../groups.ts";

/**
 * For each example the fold that holds it out, from 0. Groups are shuffled in the order of their numbers, which is that of their
 * names, and dealt to folds in turn: a group is never split, folds differ by one group at most, and the order of examples changes nothing.
 */
export function foldsOf({ of, count }: Groups, folds: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, group) => group);
  const random = generator(0);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [at(order, other), at(order, last)];
  }
  const foldOf = new Int32Array(count);
  for (const [place, group] of order.entries()) foldOf[group] = place % folds;
  return of.map((group) => at(foldOf, group));
}
