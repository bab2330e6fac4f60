export { compareSpecs, type ReadableSpec } from "./compare.ts";
export type { AdapterChange, Change, Comparison, NamedChange, TensorChange } from "./types.ts";
