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
export { eachByItself, type Groups, groupBy } from "./groups.ts";
export { decodeScores, encodeScores, type KeptScores } from "./kept-scores.ts";
export { classMetrics, overallMetrics, specMetrics } from "./metrics/index.ts";
export { equalPrompts, promptTexts } from "./prompts.ts";
export type { RocPoint } from "./ranking.ts";
export {
  type Bootstrap,
  type ClassEvaluation,
  type Evaluation,
  evaluateScores,
  type Metric,
  type ScoredExamples,
} from "./results.ts";
export { scoreVolumes } from "./score-volumes.ts";
export { chooseThreshold, type Threshold, type ThresholdPolicy, type ThresholdRule } from "./thresholds.ts";
