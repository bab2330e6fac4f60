export { type Correction, corrections } from "./adjust.ts";
export { scoresOfColumns } from "./columns.ts";
export {
  type ComparedMetric,
  type ComparedRuns,
  type ComparedScores,
  type CompareSettings,
  compareRuns,
  type RunComparison,
} from "./compare-runs.ts";
export { comparisonFormats, renderRunComparison } from "./comparison-text.ts";
export { encodeTexts, type TextProgram } from "./encode-texts.ts";
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
  toCsv,
  undefinedClasses,
} from "./files.ts";
export { eachByItself, type Groups, groupBy } from "./groups.ts";
export { areChances, type HardVolume, hardestVolumes } from "./hardest.ts";
export { decodeScores, encodeScores, type KeptScores } from "./kept-scores.ts";
export {
  type KeptLatents,
  type LatentMap,
  latentsToParquet,
  latentsToSafetensors,
  type MappedLatents,
  type MapWatch,
  mapLatents,
  neighbourLabels,
} from "./latents/index.ts";
export {
  type ClassMetric,
  classMetricNames,
  type ListedMetric,
  metrics,
  overallMetrics,
  specMetrics,
} from "./metrics/index.ts";
export {
  callMark,
  type PaperMetric,
  paperColumns,
  paperDocument,
  paperMetrics,
  paperNotes,
  paperRows,
  paperTitle,
  percent,
  thresholdNotes,
} from "./paper-table.ts";
export { type RecallPoint, recallPoints } from "./precision-recall.ts";
export { printDifference, printP } from "./print-difference.ts";
export { type ProbedExamples, type ProbeWatch, probeScores } from "./probe/index.ts";
export { equalPrompts, type Prompts } from "./prompts.ts";
export type { RocPoint } from "./ranking.ts";
export { type ReliabilityBin, reliabilityBins } from "./reliability.ts";
export {
  type ClassEvaluation,
  type Evaluation,
  evaluateScores,
  type Metric,
} from "./results.ts";
export { evaluateRetrieval, type RetrievalEvaluation, type RetrievalExamples } from "./retrieval/index.ts";
export {
  aboutRetrieval,
  missingRetrieval,
  ranksToCsv,
  retrievalComparison,
  retrievalRows,
  retrievalTable,
  retrievalToJson,
} from "./retrieval-files.ts";
export { type ScoringTask, scoreTask } from "./score-task.ts";
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
export { evaluateTask, type TaskResult } from "./task-result.ts";
export {
  chooseThreshold,
  printPolicy,
  type Threshold,
  type ThresholdPolicy,
  type ThresholdRule,
  thresholdCaution,
} from "./thresholds.ts";
export type { EncodedTexts } from "./zero-shot.ts";
