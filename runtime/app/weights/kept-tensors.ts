import { type Compiled, elementCount } from "../../../compiler/index.ts";
import type { TrainedTensor } from "../../train/index.ts";
import { joined, type WeightPieces } from "../../weights/index.ts";

/** What a run saves though it is not trained, by its names in checkpoints. */
export type KeptTensors = ReadonlyMap<string, TrainedTensor>;

/**
 * What is not trained and cannot be had again from the model's weights alone: all that adapters have, which may be drawn from
 * a seed, and what was computed from weights that are trained since.
 */
export function keptTensors({ plan, spec }: Compiled, piecesOf: WeightPieces): KeptTensors {
  const planned = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
  return new Map(
    (spec?.parameters ?? []).flatMap(({ path, type, initial }): readonly (readonly [string, TrainedTensor])[] => {
      const tensor = planned.get(path);
      const isKept = tensor?.ofAdapter === true || initial.kind === "computed";
      if (tensor === undefined || !isKept || spec?.trainable.has(path) !== false || elementCount(type) === 0) return [];
      return [[tensor.checkpoint, { shape: type.shape, data: joined(piecesOf(path), elementCount(type)).slice() }]];
    }),
  );
}
