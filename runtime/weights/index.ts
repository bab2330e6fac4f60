export { loadTensors } from "./load.ts";
export { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";
