export type { CacheSettings } from "./cache.ts";
export type { DataProblem } from "./problem.ts";
export { VolumeLoader } from "./volume-loader.ts";
export type { LoadedVolume, VolumeRequest, VolumeResult } from "./volume-messages.ts";
