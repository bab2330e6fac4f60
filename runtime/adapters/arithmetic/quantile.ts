import { at } from "../../at.ts";

/** The quantile of some numbers, between two of them by their distance, which is torch.quantile's default. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  const place = share * (sorted.length - 1);
  const [below, above] = [at(sorted, Math.floor(place)), at(sorted, Math.ceil(place))];
  return below + (place - Math.floor(place)) * (above - below);
}
