export { transformOf, type VolumeSettings } from "./list.ts";
export { preprocessImage } from "./open-clip.ts";
export { type PackedVolume, unpack, volumeShape } from "./packed-volume.ts";
export { completed, unstatedMetadata, type VolumeMetadata } from "./transform.ts";
