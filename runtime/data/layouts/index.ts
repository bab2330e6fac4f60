export { layoutOf } from "./list.ts";
export {
  type Manifest,
  type ManifestShard,
  manifestName,
  memberExtensions,
  type PackContract,
  packContractOf,
  readManifest,
} from "./shards/index.ts";
