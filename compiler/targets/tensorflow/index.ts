export { resultOf, scratchBytes } from "./buffers.ts";
export { emitModel, type ModelIndex, type ModelSettings } from "./emit-model.ts";
export { noKernels, type OwnKernels, ownKernels } from "./kernels.ts";
export type { Bf16Products } from "./lower/index.ts";
export { tensorflowWork } from "./rows/index.ts";
export { modelFiles, modelPrograms, tensorflow } from "./target.ts";
