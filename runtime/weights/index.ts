export { repeatedKey } from "./header-keys.ts";
export { loadTensors } from "./load.ts";
export { type OpenTensors, openTensors } from "./open.ts";
export {
  dataStart,
  elementsOf,
  type FloatTensor,
  FormatError,
  readPlaces,
  readSafetensors,
  type StoredTensor,
  safetensorsPieces,
  writeSafetensors,
} from "./safetensors.ts";
