export { transformOf, type VolumeSettings } from "./list.ts";
export { type PackedVolume, unpack } from "./packed-volume.ts";
export { unstatedMetadata, type VolumeMetadata } from "./transform.ts";
