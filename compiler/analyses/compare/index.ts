export { compareCompiled, compareSpecs, compareWithKept, type ReadableSpec, type SpecAsCompiled } from "./compare.ts";
export type { Meaning } from "./meaning.ts";
export type { AdapterChange, Change, Comparison, NamedChange, TensorChange } from "./types.ts";
