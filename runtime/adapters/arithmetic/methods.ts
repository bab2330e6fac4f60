import { dareLinear } from "./dare-linear.ts";
import { dareTies } from "./dare-ties.ts";
import { linear } from "./linear.ts";
import { magnitudePrune } from "./magnitude-prune.ts";
import type { Merge } from "./merge.ts";
import { ties } from "./ties.ts";

/** How the updates of one module become one, and which options that has. */
export type Method =
  /** Both matrices side by side: the weighted sum, of a rank that is the sum of ranks. */
  | { readonly on: "ranks"; readonly options: readonly MethodOption[] }
  /** Each of the two matrices by itself, which is not the same as the updates; ranks are equal. */
  | { readonly on: "matrices"; readonly merge: Merge; readonly options: readonly MethodOption[] }
  /** The leading singular vectors of the weighted sum. */
  | { readonly on: "sum"; readonly options: readonly MethodOption[] }
  /** The updates, element by element, and of what comes out the leading singular vectors. */
  | { readonly on: "updates"; readonly merge: Merge; readonly options: readonly MethodOption[] };

export type MethodOption = "density" | "sign" | "seed" | "rank" | "clamp";

/** By the names of PEFT's `combination_type`. */
export const methods = {
  cat: { on: "ranks", options: [] },
  svd: { on: "sum", options: ["rank", "clamp"] },
  linear: { on: "matrices", merge: linear, options: [] },
  ties: { on: "matrices", merge: ties, options: ["density", "sign"] },
  dare_linear: { on: "matrices", merge: dareLinear, options: ["density", "seed"] },
  dare_ties: { on: "matrices", merge: dareTies, options: ["density", "sign", "seed"] },
  magnitude_prune: { on: "matrices", merge: magnitudePrune, options: ["density"] },
  ties_svd: { on: "updates", merge: ties, options: ["density", "sign", "rank", "clamp"] },
  dare_linear_svd: { on: "updates", merge: dareLinear, options: ["density", "seed", "rank", "clamp"] },
  dare_ties_svd: { on: "updates", merge: dareTies, options: ["density", "sign", "seed", "rank", "clamp"] },
  magnitude_prune_svd: { on: "updates", merge: magnitudePrune, options: ["density", "rank", "clamp"] },
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;
