import { elementCount } from "../../../compiler/index.ts";
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
    for (const { down, up, rank } of directions.input.updates) {
      tensors.set(down.checkpoint, { shape: down.shape, data: directions.rowsOf(rank) });
      tensors.set(up.checkpoint, {
        shape: up.shape,
        data: new Float32Array(elementCount({ dtype: "f32", shape: up.shape })),
      });
    }
  return new Map([...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the file says of itself: what a training's adapters say, so that it is held against the same, and how it was made. */
export function startedMetadata(
  contract: ModelContract,
  drawn: DrawnValues,
  eva: { readonly batches: number; readonly converged: number },
): ReadonlyMap<string, string> {
  return new Map([
    [contractKey, encodeContract(contract)],
    [drawnKey, encodeDrawn(drawn)],
    [originKey, JSON.stringify({ eva })],
  ]);
}
