export { repeatedKey } from "./header-keys.ts";
export { loadTensors } from "./load.ts";
export { type OpenTensors, openTensors } from "./open.ts";
export { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";
