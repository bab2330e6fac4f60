export { checkpointBytes } from "./checkpoint.ts";
export { fitRates, type MeasuredStep } from "./fit.ts";
export { type ExchangeRates, type Rates, ratesOfShare } from "./rates.ts";
export { expectExchangeTime, expectProcessBytes, type SharedStep, shareStep } from "./shared-step.ts";
export {
  expectStepTime,
  expectTime,
  expectTimeOf,
  expectValidationTime,
  type TimedProgram,
  timedStep,
} from "./time.ts";
