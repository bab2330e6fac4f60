export { compareSpecs, compareWithKept, type ReadableSpec } from "./compare.ts";
export type { Meaning } from "./meaning.ts";
export type { AdapterChange, Change, Comparison, NamedChange, TensorChange } from "./types.ts";
