import type { SingularVectors } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { type Block, type LoraMatrices, matricesOf } from "./matrices.ts";

/**
 * The matrices of an update's leading singular vectors, the nearest of that rank in the Frobenius norm (Eckart and Young, 1936). Both have
 * the root of each value, and all together the given scale. The rank is a multiple of the groups.
 */
export function truncated(
  blocks: readonly Block[],
  found: readonly SingularVectors[],
  { rank, scale }: { readonly rank: number; readonly scale: number },
): LoraMatrices {
  const own = rank / blocks.length;
  return matricesOf(
    blocks.map(({ outputs, inputs }, group) => {
      const { values, left, right } = at(found, group);
      const places = Array.from({ length: own }, (_, place) => place);
      const root = (place: number): number => {
        const value = values[place] ?? 0;
        return value === 0 ? 0 : Math.sqrt(value / Math.abs(scale));
      };
      return {
        outputs,
        inputs,
        up: places.map((place) =>
          (left[place] ?? new Float64Array(outputs)).map((each) => Math.sign(scale) * root(place) * each),
        ),
        down: places.map((place) => (right[place] ?? new Float64Array(inputs)).map((each) => root(place) * each)),
      };
    }),
  );
}
