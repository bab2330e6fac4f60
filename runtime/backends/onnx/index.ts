export { onnxAdapterPieces } from "./adapter-format.ts";
export { type ExportedModels, findExported } from "./exported.ts";
export { inspectOnnx } from "./inspect.ts";
export { type IntegerWeights, measureIntegers, withIntegers, withIntegersAlong } from "./integer-weights.ts";
export type { SentTensor } from "./messages.ts";
export { computeOnce, isQuick, withComputedOnce } from "./once.ts";
export { OnnxSession } from "./session.ts";
export { type OnnxFiles, onnxFiles, writeOnnx } from "./write-model.ts";
