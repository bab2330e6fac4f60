export { type Correction, corrections } from "./adjust.ts";
export type { BootstrapSettings } from "./bootstrap.ts";
export { type ComparedMetric, compareRuns, type RunComparison } from "./compare-runs.ts";
export { type EncodedExamples, type Encoding, encodeVolumes } from "./encode-volumes.ts";
export type { EncodedVolumes } from "./encoded-volumes.ts";
export {
  classesWithoutThreshold,
  equalScores,
  evaluationTable,
  evaluationToJson,
  groupsToCsv,
  labelsToCsv,
  printInterval,
  printMetric,
  printResamples,
  printThreshold,
  scoresToCsv,
  someMissing,
  thinIntervals,
  undefinedClasses,
} from "./files.ts";
export { eachByItself, type Groups, groupBy } from "./groups.ts";
export { decodeScores, encodeScores, type KeptScores } from "./kept-scores.ts";
export {
  type ClassMetric,
  classMetricNames,
  type ListedMetric,
  metrics,
  overallMetrics,
  specMetrics,
} from "./metrics/index.ts";
export { equalPrompts } from "./prompts.ts";
export type { RocPoint } from "./ranking.ts";
export {
  type ClassEvaluation,
  type Evaluation,
  evaluateScores,
  type Metric,
} from "./results.ts";
export {
  decodeStepEvaluation,
  encodeStepEvaluation,
  evaluationOf,
  type HeldOutLoss,
  isBetter,
  type KeptEvaluation,
  loggedValues,
  numberOf,
  type StepEvaluation,
} from "./step-evaluation.ts";
export {
  chooseThreshold,
  printPolicy,
  type Threshold,
  type ThresholdPolicy,
  type ThresholdRule,
  thresholdCaution,
} from "./thresholds.ts";
export { type EncodedPrompts, encodePrompts, scoreClasses } from "./zero-shot.ts";
