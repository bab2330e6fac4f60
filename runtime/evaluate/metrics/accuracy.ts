import { type CallMetric, share } from "./metric.ts";

/** The share of right calls. Over all classes it is that of all cells, which is then called flat. */
export const accuracy = {
  name: "accuracy",
  title: "accuracy",
  from: "calls",
  of: ({ truePositives, falsePositives, present, absent }) =>
    share(truePositives + absent - falsePositives, present + absent),
  overall: [{ name: "accuracy", title: "accuracy", average: "micro" }],
} as const satisfies CallMetric;
