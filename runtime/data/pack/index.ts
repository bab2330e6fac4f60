export { examplesToPack, type PackNeeds } from "./examples.ts";
export { PackFolder } from "./pack-folder.ts";
export { packShards } from "./pack-shards.ts";
export { pictureNames } from "./picture.ts";
export { arrayBytes, type PackSettings, type PlannedShard, planShards } from "./plan.ts";
export { largestMember } from "./tar-writer.ts";
