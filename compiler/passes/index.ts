export { type Fold, foldAdapters } from "./merge-projections.ts";
export { isFor, optimise, optimiseForOnnx, passes } from "./pipeline.ts";
