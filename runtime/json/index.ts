export { parseJson, readOwnJson, readOwnLines } from "./read.ts";
