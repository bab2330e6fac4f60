export type { Tokenizer } from "./as-asked.ts";
export { findVocabulary, loadTokenizer } from "./tokenizer.ts";
