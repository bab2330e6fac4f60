export { bytesOf, countOf, decode, elementsOf, type StoredDtype, type StoredTensor } from "./elements.ts";
export { FormatError } from "./format-error.ts";
export { matchNames, type NameMatch, type Wanted } from "./match-names.ts";
export { type OpenTensors, openTensors, weightFiles } from "./open.ts";
export { joined, type WeightPieces } from "./pieces.ts";
export type { PlacedTensor } from "./placed-tensor.ts";
export { isRoundedDtype, largestOf, type RoundedDtype, rounded } from "./rounding.ts";
export {
  dataStart,
  type FloatTensor,
  readPlaces,
  readSafetensors,
  type StoredPieces,
  safetensorsPieces,
  storedPieces,
  writeSafetensors,
} from "./safetensors.ts";
export type { UnreadType } from "./unread-names.ts";
export { openWeightFile } from "./weight-file.ts";
export { readZip } from "./zip.ts";
