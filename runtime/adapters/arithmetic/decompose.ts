import { type SingularVectors, smallSingularVectors } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { combined, orthonormal } from "./orthonormal.ts";

/** A matrix [outputs, inputs] as a sum of outer products: of `up[i]` and `down[i]`. */
export interface OuterProducts {
  readonly outputs: number;
  readonly inputs: number;
  readonly up: readonly Float64Array[];
  readonly down: readonly Float64Array[];
}

/**
 * The singular value decomposition of a sum of outer products without the sum itself: each side on an orthonormal basis, and the
 * decomposition of the small matrix between the two. There are as many values as the smaller basis has vectors. The largest element
 * of each left vector is positive.
 */
export function decompose({ outputs, inputs, up, down }: OuterProducts): SingularVectors {
  const [ups, downs] = [orthonormal(up), orthonormal(down)];
  const core = ups.basis.map((_, row) => {
    const products = new Float64Array(downs.basis.length);
    for (const [place, along] of ups.coordinates.entries()) {
      const factor = at(along, row);
      const other = at(downs.coordinates, place);
      for (let column = 0; column < products.length; column++)
        products[column] = at(products, column) + factor * at(other, column);
    }
    return products;
  });
  const { values, left, right } = smallSingularVectors(core, downs.basis.length);
  const wholeLeft = left.map((factors) => combined(ups.basis, factors, outputs));
  const wholeRight = right.map((factors) => combined(downs.basis, factors, inputs));
  for (const [place, vector] of wholeLeft.entries()) {
    if (!isTurned(vector)) continue;
    for (const each of [vector, at(wholeRight, place)])
      for (const [index, value] of each.entries()) each[index] = -value;
  }
  return { values, left: wholeLeft, right: wholeRight };
}

/** Whether the largest element of a vector is negative. */
function isTurned(vector: Float64Array): boolean {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0;
}

/** The same of a matrix [outputs, inputs] by rows, of whose columns a basis is found first: one of low rank takes little more than one pass. */
export function decomposeMatrix(values: Float64Array, outputs: number, inputs: number): SingularVectors {
  const columns = Array.from({ length: inputs }, (_, column) =>
    Float64Array.from({ length: outputs }, (__, row) => at(values, row * inputs + column)),
  );
  const { basis, coordinates } = orthonormal(columns);
  const down = basis.map((_, place) => Float64Array.from(coordinates, (along) => at(along, place)));
  return decompose({ outputs, inputs, up: basis, down });
}
