export { type ProbedExamples, type ProbeWatch, probeScores } from "./probe-scores.ts";
