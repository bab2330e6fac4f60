import type { CallMetric } from "./metric.ts";
import { sensitivity } from "./sensitivity.ts";
import { specificity } from "./specificity.ts";

/** The mean of sensitivity and specificity; none where one of both is missing. */
export const balancedAccuracy = {
  name: "balancedAccuracy",
  title: "balanced",
  from: "calls",
  of: (calls) => {
    const [found, spared] = [sensitivity.of(calls), specificity.of(calls)];
    return found === null || spared === null ? null : (found + spared) / 2;
  },
  overall: [{ name: "balancedAccuracy", title: "balanced accuracy", average: "macro" }],
} as const satisfies CallMetric;
