import { type CallMetric, share } from "./metric.ts";

/** The share of the examples with the class that are called present: recall. */
export const sensitivity = {
  name: "sensitivity",
  title: "sensitivity",
  from: "calls",
  of: ({ truePositives, present }) => share(truePositives, present),
  overall: [
    { name: "macroSensitivity", title: "macro sensitivity", average: "macro" },
    { name: "microSensitivity", title: "micro sensitivity", average: "micro" },
  ],
} as const satisfies CallMetric;
