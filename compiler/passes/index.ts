export { hoistLargest } from "./hoist.ts";
export { loweredProducts } from "./lower-precision.ts";
export { type Fold, foldAdapters, mergeProjections } from "./merge-projections.ts";
export { drawsDropout, isFor, optimise, type PassContext, passes } from "./pipeline.ts";
export { layerCount } from "./recompute-layers.ts";
export { simplified } from "./simplify.ts";
