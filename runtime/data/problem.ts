/** What is wrong with a file of a data set: the rule that it breaks, in words, and what to do about it where that is known. */
export interface DataProblem {
  readonly file: string;
  readonly rule: string;
  readonly help: string | null;
}
