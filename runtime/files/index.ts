export { decodeText, firstBadByte, readText } from "./read-text.ts";
export { writeAtomically } from "./write-atomically.ts";
