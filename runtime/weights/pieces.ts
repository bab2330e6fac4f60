/** The elements of a weight in their order, in pieces of any sizes, each of which is good until the next is asked for. */
export type WeightPieces = (path: string) => Iterable<Float32Array>;

/** Pieces of a tensor as one array; a tensor in one piece is not copied. */
export function joined(pieces: Iterable<Float32Array>, count: number): Float32Array {
  let whole: Float32Array | null = null;
  let at = 0;
  for (const piece of pieces) {
    if (piece.length === count) return piece;
    whole ??= new Float32Array(count);
    whole.set(piece, at);
    at += piece.length;
  }
  return whole ?? new Float32Array(count);
}
