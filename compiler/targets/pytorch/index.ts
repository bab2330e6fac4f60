export { pytorch } from "./target.ts";
