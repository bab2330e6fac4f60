import type { WeightPieces } from "../../weights/index.ts";

/** Weights, and those of them that had infinities or NaN when they were read, with how many. */
export function watchedPieces(weights: WeightPieces): {
  readonly piecesOf: WeightPieces;
  readonly notFinite: ReadonlyMap<string, number>;
} {
  const notFinite = new Map<string, number>();
  function* watched(path: string): Iterable<Float32Array> {
    let count = 0;
    for (const piece of weights(path)) {
      for (const value of piece) if (!Number.isFinite(value)) count++;
      yield piece;
    }
    if (count > 0) notFinite.set(path, count);
  }
  return { piecesOf: watched, notFinite };
}
