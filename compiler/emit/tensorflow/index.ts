export { emitModel, type ModelIndex } from "./emit-model.ts";
export { encodeSavedModel } from "./encode.ts";
