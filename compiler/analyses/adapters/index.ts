export { changingAtStart } from "./at-start.ts";
export { foldModel } from "./fold.ts";
export { type AdaptedInput, type InputMoments, inputMomentsOf, type PlacedLowRank } from "./input-moments.ts";
export type { LowRankParameter } from "./of-parameter.ts";
export {
  type AdapterFormat,
  type AdapterUpdate,
  adapterUpdates,
  type Declared,
  type Factors,
  type LowRank,
  type LowRankChange,
  type Rows,
} from "./updates.ts";
