export { transformOf, type VolumeSettings } from "./list.ts";
export { NearestLabels } from "./nearest-labels.ts";
export { preprocessImage } from "./open-clip.ts";
export { fillPadding, isWhole, type PackedVolume, rowStarts, unpack, voxelsIn } from "./packed-volume.ts";
export { unstatedMetadata, type VolumeMetadata } from "./transform.ts";
export { planAxes } from "./volume-axes.ts";
export { needsSurvey, type SurveyedVoxels, VoxelSurvey } from "./voxel-survey.ts";
