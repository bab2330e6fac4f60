import { thin } from "./curves.ts";

/** More points than so many pixels apart show nothing but a band. */
const pixelsBetweenPoints = 2.5;

interface StepValue {
  readonly step: number;
  readonly value: number;
}

/** The points of a line over steps, as many as a chart of a width can show. */
export function pointsWithin(values: readonly StepValue[], width: number): { readonly values: StepValue[] } {
  return { values: thin(values, width / pixelsBetweenPoints).map(({ step, value }) => ({ step, value })) };
}

/** The horizontal axis of a chart over steps. */
export function stepAxis(tickCount: number) {
  return {
    field: "step",
    type: "quantitative",
    title: "step",
    scale: { zero: false, nice: false },
    axis: { grid: false, tickCount, tickMinStep: 1, format: "~d" },
  } as const;
}
