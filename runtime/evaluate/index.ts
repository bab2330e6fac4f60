export type { BootstrapSettings, Interval } from "./bootstrap.ts";
export {
  evaluationTable,
  evaluationToJson,
  overallNames,
  printInterval,
  printMetric,
  scoresToCsv,
  undefinedClasses,
} from "./files.ts";
export type { ClassMetric, OverallMetric } from "./metrics.ts";
export type { RocPoint } from "./ranking.ts";
export {
  type ClassEvaluation,
  defaultBootstrap,
  type Evaluation,
  evaluateScores,
  type Metric,
  type ScoredExamples,
} from "./results.ts";
