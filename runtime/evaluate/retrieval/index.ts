export { evaluateRetrieval, type RetrievalExamples } from "./evaluate-retrieval.ts";
