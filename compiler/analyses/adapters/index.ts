export { foldModel } from "./fold.ts";
export { type AdapterUpdate, adapterUpdates, type Factors, type LowRank } from "./updates.ts";
