export { layoutOf } from "./list.ts";
export {
  fileExtensions,
  type Manifest,
  type ManifestShard,
  manifestName,
  pictureKinds,
  readManifest,
  textExtensions,
} from "./shards/index.ts";
