export { resultOf, scratchBytes } from "./buffers.ts";
export { emitModel, type ModelIndex, type ModelSettings } from "./emit-model.ts";
export type { Bf16Products } from "./lower/index.ts";
export { type RowPrograms, rowPrograms } from "./rows/index.ts";
export { modelFiles, modelPrograms, tensorflow } from "./target.ts";
