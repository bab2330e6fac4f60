export { table } from "./layout.ts";
