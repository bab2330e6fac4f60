export { pasteLines } from "./bare-text.ts";
export { findPlacements } from "./place.ts";
export { type PricedPlacement, type PricedPlacements, type Pricing, pricedPlacements } from "./price.ts";
export { putPlacements } from "./put.ts";
export { readRanks } from "./ranks.ts";
export type { FoundPlacement, FoundPlacements, PlaceOptions } from "./types.ts";
