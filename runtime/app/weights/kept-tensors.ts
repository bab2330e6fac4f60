import { type Compiled, elementCount } from "../../../compiler/index.ts";
import type { TrainedTensor } from "../../train/index.ts";
import { joined, type WeightPieces } from "../../weights/index.ts";

/** What a run saves though it is not trained, by its names in checkpoints. */
export type KeptTensors = ReadonlyMap<string, TrainedTensor>;

/**
 * The paths of what is not trained and cannot be had again from the model's weights alone: all that adapters have, which may be
 * drawn from a seed, and what was computed from weights that are trained since.
 */
export function keptPaths({ plan, spec }: Compiled): ReadonlySet<string> {
  const planned = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
  return new Set(
    (spec?.parameters ?? []).flatMap(({ path, type, initial }) => {
      const tensor = planned.get(path);
      const isKept = tensor?.ofAdapter === true || initial.kind === "computed";
      return tensor !== undefined && isKept && spec?.trainable.has(path) === false && elementCount(type) > 0
        ? [path]
        : [];
    }),
  );
}

/** These with their values. */
export function keptTensors(compiled: Compiled, piecesOf: WeightPieces): KeptTensors {
  const { plan, spec } = compiled;
  const kept = keptPaths(compiled);
  const names = new Map(
    [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each.checkpoint]),
  );
  return new Map(
    (spec?.parameters ?? []).flatMap(({ path, type }): readonly (readonly [string, TrainedTensor])[] => {
      const name = names.get(path);
      if (name === undefined || !kept.has(path)) return [];
      return [[name, { shape: type.shape, data: joined(piecesOf(path), elementCount(type)).slice() }]];
    }),
  );
}
