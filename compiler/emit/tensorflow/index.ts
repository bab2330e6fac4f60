export { encodeSavedModel } from "./encode.ts";
export { type EmittedModel, emitModel, type ModelIndex } from "./emit-model.ts";
