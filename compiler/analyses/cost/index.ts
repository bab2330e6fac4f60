export { fitRates, type MeasuredStep } from "./fit.ts";
export type { Rates } from "./rates.ts";
export { expectStepTime, expectTime, timedStep } from "./time.ts";
