export {
  evaluationTable,
  evaluationToJson,
  printInterval,
  printMetric,
  scoresToCsv,
  someMissing,
  thinIntervals,
  undefinedClasses,
} from "./files.ts";
export { decodeScores, encodeScores, type KeptScores } from "./kept-scores.ts";
export { classMetrics, overallMetrics, specMetrics } from "./metrics.ts";
export { equalPrompts } from "./prompts.ts";
export type { RocPoint } from "./ranking.ts";
export {
  type ClassEvaluation,
  type Evaluation,
  evaluateScores,
  type Metric,
} from "./results.ts";
export { scoreVolumes } from "./score-volumes.ts";
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
