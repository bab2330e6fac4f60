import { type Block, joined } from "./matrices.ts";

/** Updates side by side, `down` weighted: their weighted sum, of a rank that is the sum of their ranks. */
export function cat(updates: readonly (readonly Block[])[], weights: readonly number[]): readonly Block[] {
  return joined(
    updates.map((blocks, place) => {
      const weight = weights[place] ?? Number.NaN;
      return blocks.map((block) => ({ ...block, down: block.down.map((row) => row.map((value) => weight * value)) }));
    }),
  );
}
