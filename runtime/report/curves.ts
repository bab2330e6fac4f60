import type { CurvePoint, ValidationPoint } from "./types.ts";

/** A value at a step. */
export interface StepValue {
  readonly step: number;
  readonly value: number;
}

/** One quantity over the steps, without the steps at which it is not a finite number. */
export function quantityOf(
  curve: readonly CurvePoint[],
  key: Exclude<keyof CurvePoint, "step" | "metrics">,
): readonly StepValue[] {
  return valuesOf(curve, (point) => point[key]);
}

/** One metric over the steps, likewise. */
export function metricOf(curve: readonly CurvePoint[], name: string): readonly StepValue[] {
  return valuesOf(curve, ({ metrics }) => metrics.get(name) ?? Number.NaN);
}

/** The loss on held-out data, or what is logged beside it, likewise. */
export function validationOf(points: readonly ValidationPoint[], name: string): readonly StepValue[] {
  return valuesOf(points, ({ values }) => values.get(name) ?? Number.NaN);
}

function valuesOf<Point extends { readonly step: number }>(
  curve: readonly Point[],
  read: (point: Point) => number,
): readonly StepValue[] {
  return curve.flatMap((point) => {
    const value = read(point);
    return Number.isFinite(value) ? [{ step: point.step, value }] : [];
  });
}

/** Steps over which a loss is smoothed: a thirtieth of the run. */
export function smoothingSpan(steps: number): number {
  return Math.max(1, Math.round(steps / 30));
}

/**
 * An exponential mean over so many points, with the weight of what lies before the first step taken out (the correction
 * of Adam's moments), so that it starts at the first value instead of at 0.
 */
export function smooth(values: readonly StepValue[], span: number): readonly StepValue[] {
  const keep = 1 - 2 / (span + 1);
  let mean = 0;
  let weight = 0;
  return values.map(({ step, value }) => {
    mean = keep * mean + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return { step, value: mean / weight };
  });
}

/** At most twice as many points as buckets: the lowest and the highest of each, so that no spike is lost. */
export function thin(values: readonly StepValue[], most: number): readonly StepValue[] {
  const buckets = Math.max(1, Math.floor(most));
  if (values.length <= 2 * buckets) return values;
  const size = values.length / buckets;
  return Array.from({ length: buckets }, (_, bucket) => {
    const own = values.slice(Math.round(bucket * size), Math.round((bucket + 1) * size));
    const [first] = own;
    if (first === undefined) return [];
    let low = first;
    let high = first;
    for (const point of own) {
      if (point.value < low.value) low = point;
      if (point.value > high.value) high = point;
    }
    if (low === high) return [low];
    return low.step < high.step ? [low, high] : [high, low];
  }).flat();
}
