export { checkSpec } from "./check.ts";
export type { FilePlace, Library, ReadResult } from "./imports.ts";
