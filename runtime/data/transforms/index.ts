export { transformOf } from "./list.ts";
export { type PackedVolume, unpack } from "./packed-volume.ts";
export type { VolumeMetadata, VolumeSettings } from "./transform.ts";
