import type { Units } from "../../compiler/index.ts";
import type { SampledVolume } from "./examine-volumes.ts";
import { scalingOf } from "./units.ts";

/** The values of sampled volumes in Hounsfield units, as they are taken where `units` are decided. */
export function hounsfieldValues(volumes: readonly SampledVolume[], units: Units): readonly number[] {
  return volumes.flatMap(({ header, metadata, values }) => {
    const { slope, intercept } = scalingOf(header, metadata, units);
    return values.map((value) => slope * value + intercept).filter(Number.isFinite);
  });
}
