export { layoutOf } from "./list.ts";
