export { SpecLibrary } from "./library.ts";
export { compilePath, type ReadSpec } from "./read-spec.ts";
