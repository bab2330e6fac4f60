export {
  evaluationTable,
  evaluationToJson,
  overallNames,
  printInterval,
  printMetric,
  scoresToCsv,
  thinIntervals,
  undefinedClasses,
} from "./files.ts";
export type { RocPoint } from "./ranking.ts";
export {
  type ClassEvaluation,
  type Evaluation,
  evaluateScores,
  type Metric,
} from "./results.ts";
