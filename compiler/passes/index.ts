export { type Fold, foldAdapters } from "./merge-projections.ts";
export { isFor, optimise, optimiseForOnnx, type PassContext, passes } from "./pipeline.ts";
