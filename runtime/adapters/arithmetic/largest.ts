import { at } from "../../at.ts";

/** A tensor of which the largest elements stay, a share of them rounded down; of equal ones the first do. */
export function withLargest(tensor: Float64Array, density: number): Float64Array {
  if (density >= 1) return tensor;
  const kept = Math.trunc(density * tensor.length);
  if (kept === 0) return new Float64Array(tensor.length);
  const magnitudes = tensor.map(Math.abs).sort();
  const least = at(magnitudes, tensor.length - kept);
  let above = 0;
  for (const value of tensor) if (Math.abs(value) > least) above++;
  let equal = kept - above;
  return tensor.map((value) => {
    const magnitude = Math.abs(value);
    if (magnitude > least) return value;
    return magnitude === least && equal-- > 0 ? value : 0;
  });
}
