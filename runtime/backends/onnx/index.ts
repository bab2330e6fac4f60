export { onnxAdapterPieces } from "./adapter-format.ts";
export { inspectOnnx } from "./inspect.ts";
export { withComputedOnce } from "./once.ts";
export { OnnxSession } from "./session.ts";
export { type OnnxFiles, onnxFiles, writeOnnx } from "./write-model.ts";
