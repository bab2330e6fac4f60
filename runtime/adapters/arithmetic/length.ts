import { dot } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import type { Block } from "./matrices.ts";

/** The Frobenius norm of an update, from the products of its vectors with each other. */
export function lengthOf(blocks: readonly Block[]): number {
  let sum = 0;
  for (const { up, down } of blocks)
    for (const [place, column] of up.entries()) {
      const row = at(down, place);
      sum += dot(column, column) * dot(row, row);
      for (let other = 0; other < place; other++) sum += 2 * dot(column, at(up, other)) * dot(row, at(down, other));
    }
  return Math.sqrt(Math.max(0, sum));
}

/** The Frobenius norm of the difference of two updates, to some 1e-8 of their own. */
export function distanceOf(one: readonly Block[], two: readonly Block[]): number {
  return lengthOf(
    one.map((block, group) => {
      const other = at(two, group);
      const negative = other.up.map((column) => column.map((value) => -value));
      return { ...block, up: [...block.up, ...negative], down: [...block.down, ...other.down] };
    }),
  );
}
