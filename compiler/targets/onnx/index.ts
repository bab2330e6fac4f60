export { trialBatches, withDynamicBatch } from "./dynamic-batch.ts";
export { emitOnnx, type OnnxSettings, scalesName, seedInput } from "./emit-program.ts";
export { encodeOnnx } from "./encode.ts";
export { halfBits } from "./half.ts";
export { type IntegerForm, integerForms } from "./integer-weights.ts";
export type { OnnxModel } from "./messages.ts";
export { optimiseForOnnx, type ProductRange, productRanges } from "./optimise.ts";
export { type Place, placeWeights, type WeightFiles } from "./place-weights.ts";
export { onnx } from "./target.ts";
