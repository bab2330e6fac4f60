export { expectMemory, memoryOf } from "./expect.ts";
export { fitMemory } from "./fit.ts";
export { type MemoryModel, onnxMemory, pytorchMemory, tensorflowMemory } from "./models.ts";
