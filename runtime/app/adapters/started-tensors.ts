import { elementCount } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { contractKey, encodeContract, type ModelContract } from "../../data/index.ts";
import { type DrawnValues, drawnKey, encodeDrawn, type TrainedTensor } from "../../train/index.ts";
import { joined, type WeightPieces } from "../../weights/index.ts";
import type { CompiledSpec } from "../compiled-spec.ts";
import { keptTensors } from "../weights/kept-tensors.ts";
import type { InputDirections } from "./input-directions.ts";
import { originKey } from "./write-adapter.ts";

/**
 * What a run saves before its first step, by names in checkpoints and in their order, but for low-rank updates: their `down` is the
 * directions that were found, and their `up` zero.
 */
export function startedTensors(
  compiled: CompiledSpec,
  piecesOf: WeightPieces,
  found: readonly InputDirections[],
  isWhitened: boolean,
): ReadonlyMap<string, TrainedTensor> {
  const { plan, spec } = compiled;
  const types = new Map(spec.parameters.map(({ path, type }) => [path, type]));
  const tensors = new Map<string, TrainedTensor>(keptTensors(compiled, piecesOf));
  for (const { path, checkpoint, shape, trainable } of plan.parameters) {
    const type = types.get(path);
    if (!trainable || type === undefined) continue;
    tensors.set(checkpoint, { shape, data: joined(piecesOf(path), elementCount(type)).slice() });
  }
  for (const directions of found)
    for (const [place, { down, up }] of directions.input.updates.entries()) {
      const rank = at(directions.ranks, place);
      const outputs = at(up.shape, 0);
      tensors.delete(down.checkpoint);
      tensors.delete(up.checkpoint);
      // A module that is left without a direction has no adapter.
      if (rank === 0) continue;
      const data = directions.rowsOf(rank, isWhitened);
      tensors.set(down.checkpoint, { shape: [rank, directions.input.width], data });
      tensors.set(up.checkpoint, { shape: [outputs, rank], data: new Float32Array(outputs * rank) });
    }
  return new Map([...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the file says of itself: what a training's adapters say, so that it is held against the same, and how it was made. */
export function startedMetadata(
  contract: ModelContract,
  drawn: DrawnValues,
  eva: { readonly batches: number; readonly converged: number; readonly rho: number; readonly whiten: boolean },
): ReadonlyMap<string, string> {
  return new Map([
    [contractKey, encodeContract(contract)],
    [drawnKey, encodeDrawn(drawn)],
    [originKey, JSON.stringify({ eva })],
  ]);
}
