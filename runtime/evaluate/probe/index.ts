export { type ProbedExamples, probeScores } from "./probe-scores.ts";
