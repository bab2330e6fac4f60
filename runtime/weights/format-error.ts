/** A file that does not keep to its format; the message says where and how, and `help` what to do where that is known. */
export class FormatError extends Error {
  readonly file: string;
  readonly problem: string;
  readonly help: string | null;

  constructor(file: string, whole: string, help: string | null = null) {
    // It may quote a name from the file, of any length.
    const problem = whole.length > longestProblem ? `${whole.slice(0, longestProblem)}...` : whole;
    super(`${file}: ${problem}`);
    this.name = "FormatError";
    this.file = file;
    this.problem = problem;
    this.help = help;
  }
}

const longestProblem = 1000;
