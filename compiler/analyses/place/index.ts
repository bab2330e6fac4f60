export { pasteLines } from "./bare-text.ts";
export { findPlacements } from "./place.ts";
export type { FoundPlacement, FoundPlacements, PlaceOptions } from "./types.ts";
