/** What is printed of a spec, as text: the same on a terminal and in a browser, so that nothing here needs Node. */
export { renderComparison } from "./comparison.ts";
export { type Emission, renderEmission } from "./emission.ts";
export { type ExampleCounts, type PrintedEpoch, renderTimes, sharesOf } from "./epoch.ts";
export { renderParameters } from "./parameters.ts";
export { renderPassTable } from "./pass-table.ts";
export { renderPlacements } from "./placements.ts";
export { renderSummary } from "./summary.ts";
