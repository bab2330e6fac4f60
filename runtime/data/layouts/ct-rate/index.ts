export { ctRate } from "./layout.ts";
