export { evaluateRetrieval, type RetrievalEvaluation, type RetrievalExamples } from "./evaluate-retrieval.ts";
export type { FoundEvaluation } from "./found.ts";
