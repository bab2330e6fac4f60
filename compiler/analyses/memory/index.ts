export { expectMemory, memoryOf } from "./expect.ts";
export { fitMemory } from "./fit.ts";
export {
  type MemoryModel,
  onnxMemory,
  operationWork,
  pytorchMemory,
  type Runner,
  tensorflowMemory,
} from "./models.ts";
