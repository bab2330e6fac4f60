export { parseJson, readOwnJson } from "./read.ts";
