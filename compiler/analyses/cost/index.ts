export type { Rates } from "./rates.ts";
export { expectStepTime, expectTime, movedBy } from "./time.ts";
