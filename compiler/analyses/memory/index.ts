export { expectMemory } from "./expect.ts";
export { fitMemory } from "./fit.ts";
export { type MemoryModel, onnxMemory, tensorflowMemory } from "./models.ts";
