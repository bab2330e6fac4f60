/** A tensor of which a random share of the elements stays, divided by that share, so that its expected value is the tensor. */
export function withRandomShare(tensor: Float64Array, density: number, draw: () => number): Float64Array {
  return density >= 1 ? tensor : tensor.map((value) => (draw() < density ? value / density : 0));
}
