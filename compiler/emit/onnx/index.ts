export { emitOnnx, nextPrefix, type OnnxSettings, seedInput } from "./emit-program.ts";
export { encodeOnnx, type ModelAbout } from "./encode.ts";
export type { ExternalTensor, OnnxModel } from "./messages.ts";
