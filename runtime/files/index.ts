export { bundledFile } from "./bundled.ts";
export { decodeText, readText } from "./read-text.ts";
export { writeAtomically } from "./write-atomically.ts";
