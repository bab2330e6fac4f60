export type { AugmentDraw } from "./draw.ts";
export { fitProblem } from "./fit.ts";
export type { VolumeGrid } from "./grid.ts";
export { type Operations, operationsOf, type Placed } from "./operations.ts";
export { leftRightAxis, sideProblem } from "./sides.ts";
export { augmentText } from "./text.ts";
export { augmentLabels, augmentVolume } from "./volume.ts";
