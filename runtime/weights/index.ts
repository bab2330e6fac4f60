export { loadTensors } from "./load.ts";
export { elementsOf, floatPieces, readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";
