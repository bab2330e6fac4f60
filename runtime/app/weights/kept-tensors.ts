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
  const ofAdapters = new Set(
    [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].flatMap((each) => (each.ofAdapter ? [each.path] : [])),
  );
  const names = new Map(
    [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each.checkpoint]),
  );
  return new Map(
    (spec?.parameters ?? []).flatMap(({ path, type, initial }): readonly (readonly [string, TrainedTensor])[] => {
      const name = names.get(path);
      const isKept = ofAdapters.has(path) || initial.kind === "computed";
      if (name === undefined || !isKept || spec?.trainable.has(path) !== false || elementCount(type) === 0) return [];
      return [[name, { shape: type.shape, data: joined(piecesOf(path), elementCount(type)).slice() }]];
    }),
  );
}
