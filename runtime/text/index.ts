export {
  type DocumentCell,
  type DocumentRows,
  escapeMarkdown,
  latexTable,
  markdownTable,
} from "./document-table.ts";
export { failed, ok, type Problem, ProblemError, type Result, sentence } from "./problem.ts";
export { quotePython, quoteShell } from "./quote.ts";
export { type Alignment, renderTable } from "./table.ts";
export { printCount, printDigits, printDuration, printFound, printRounded, printShare } from "./units.ts";
export { listWords } from "./words.ts";
