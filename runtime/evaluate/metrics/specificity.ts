import { type CallMetric, share } from "./metric.ts";

/** The share of the examples without the class that are not called present. */
export const specificity = {
  name: "specificity",
  title: "specificity",
  from: "calls",
  of: ({ falsePositives, absent }) => share(absent - falsePositives, absent),
  overall: [
    { name: "macroSpecificity", title: "macro specificity", average: "macro" },
    { name: "microSpecificity", title: "micro specificity", average: "micro" },
  ],
} as const satisfies CallMetric;
