export { inspectOnnx } from "./inspect.ts";
export { type SentTensor, sentTensor } from "./messages.ts";
export { withComputedOnce } from "./once.ts";
export { OnnxSession } from "./session.ts";
export { runSignature, signatureOf } from "./signature.ts";
export { type OnnxFiles, onnxFiles, writeOnnx } from "./write-model.ts";
