import type { Augmentation, TextAugmentation, VolumeAugmentation } from "../../../compiler/index.ts";

/** An operation with its place in the list of all, from which its draws follow. */
export interface Placed<Operation> {
  readonly operation: Operation;
  readonly place: number;
}

/** The operations of a spec by what they change. */
export interface Operations {
  readonly volumes: readonly Placed<VolumeAugmentation>[];
  readonly texts: readonly Placed<TextAugmentation>[];
}

export function operationsOf(augmentations: readonly Augmentation[]): Operations {
  const volumes: Placed<VolumeAugmentation>[] = [];
  const texts: Placed<TextAugmentation>[] = [];
  for (const [place, operation] of augmentations.entries()) {
    const { kind } = operation;
    if (kind === "drop_sentences" || kind === "shuffle_sentences") texts.push({ operation, place });
    else volumes.push({ operation, place });
  }
  return { volumes, texts };
}
