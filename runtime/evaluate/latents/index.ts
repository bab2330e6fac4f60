export type { KeptLatents } from "./kept.ts";
export { type LatentMap, type MappedLatents, type MapWatch, mapLatents } from "./map.ts";
export { neighbourLabels } from "./neighbour-labels.ts";
export { latentsToParquet } from "./parquet.ts";
export { latentsToSafetensors } from "./safetensors.ts";
