export { shards } from "./layout.ts";
export { type Manifest, type ManifestShard, manifestName, memberExtensions, readManifest } from "./manifest.ts";
