export { trialBatches, withDynamicBatch } from "./dynamic-batch.ts";
export { emitOnnx, nextPrefix, type OnnxSettings, seedInput } from "./emit-program.ts";
export { encodeOnnx, type ModelAbout } from "./encode.ts";
export type { OnnxModel } from "./messages.ts";
export { type Place, placeWeights, type WeightFiles } from "./place-weights.ts";
