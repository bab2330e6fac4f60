/** The elements of a weight in their order, in pieces of any sizes, each of which is good until the next is asked for. */
export type WeightPieces = (path: string) => Iterable<Float32Array>;
