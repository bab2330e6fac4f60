export { shards } from "./layout.ts";
export {
  fileExtensions,
  type Manifest,
  type ManifestShard,
  manifestName,
  pictureKinds,
  readManifest,
  textExtensions,
} from "./manifest.ts";
