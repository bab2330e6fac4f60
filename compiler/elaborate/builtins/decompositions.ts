import { list } from "../values.ts";
import type { Builtin } from "./builtin.ts";

const parts = ["left", "values", "right"] as const;

/** What only first values may have: computed once, by the reference evaluator, it is no part of any program. */
export const decompositions = {
  svd: {
    parameters: ["x", "rank"],
    apply: (call) => {
      call.firstValue();
      const x = call.tensor("x");
      const rank = call.number("rank");
      return list(parts.map((part) => call.add({ op: "svd", rank, part }, x.node)));
    },
  },
} satisfies Readonly<Record<string, Builtin>>;
