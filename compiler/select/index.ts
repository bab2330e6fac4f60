export { checkCoverage } from "./coverage.ts";
export { type Element, elementsOf, parametersUnder } from "./elements.ts";
export { type JudgedExpectation, judge, type Measures, roundingOf, type Totals } from "./expectations.ts";
export { explainSelectors, parseSelectors } from "./explain.ts";
export { type Decision, decideTrainable } from "./freeze.ts";
export { expandSelectors } from "./patterns.ts";
export { type PlacedAdapters, placeAdapters, wrappedBy } from "./placements.ts";
export { printRole, type Selection, SelectorResolver, selectedModules } from "./select.ts";
export { selectorsForNames } from "./shortest.ts";
