import { elementBytes, type OnnxDtype, type Weight } from "./messages.ts";

/** Where a weight stands: in which file, and where in it. */
export interface Place {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly dtype: OnnxDtype;
}

/** The two files with weights: many of the second go with one of the first. */
export interface WeightFiles {
  readonly frozen: string;
  readonly trainable: string;
}

/** Large values start where a page starts, so that a runtime can map the file into memory. */
const pageBytes = 4096;

/** Gives each weight a place in its file, one after the other; models that share weights share their places. */
export function placeWeights(weights: Iterable<Weight>, files: WeightFiles): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const ends = new Map<string, number>();
  for (const { name, type, trainable } of weights) {
    if (places.has(name)) continue;
    const file = trainable ? files.trainable : files.frozen;
    const bytes = type.shape.reduce((product, size) => product * size, elementBytes[type.dtype]);
    const step = bytes >= pageBytes ? pageBytes : 4;
    // The first of a file starts at 0.
    const offset = Math.ceil((ends.get(file) ?? 0) / step) * step;
    places.set(name, { file, offset, bytes, dtype: type.dtype });
    ends.set(file, offset + bytes);
  }
  return places;
}
