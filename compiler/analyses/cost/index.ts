export { fitRates, type MeasuredStep } from "./fit.ts";
export type { Rates } from "./rates.ts";
export { expectStepTime, expectTime, expectValidationTime, timedStep } from "./time.ts";
