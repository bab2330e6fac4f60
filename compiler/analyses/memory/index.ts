export { expectMemory } from "./expect.ts";
export { fitMemory } from "./fit.ts";
