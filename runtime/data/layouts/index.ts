export { layoutOf } from "./list.ts";
export {
  type Manifest,
  type ManifestShard,
  manifestName,
  memberExtensions,
  readManifest,
} from "./shards/index.ts";
