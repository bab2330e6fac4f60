export { inspectOnnx, type OnnxState } from "./inspect.ts";
export { type SentTensor, sentTensor } from "./messages.ts";
export { withComputedOnce } from "./once.ts";
export { runOnOnnx } from "./run-program.ts";
export { OnnxSession } from "./session.ts";
export { type OnnxSignature, runSignature, signatureOf } from "./signature.ts";
export { type OnnxFiles, type WeightPieces, writeOnnx } from "./write-model.ts";
