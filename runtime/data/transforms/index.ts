export { transformOf, type VolumeSettings } from "./list.ts";
export { type PackedVolume, unpack, volumeShape } from "./packed-volume.ts";
export type { VolumeMetadata } from "./transform.ts";
