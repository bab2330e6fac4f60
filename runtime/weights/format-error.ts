import { ProblemError } from "../text/index.ts";

/** A file that does not keep to its format: which, what is wrong with it, and what to do where that is known. */
export class FormatError extends ProblemError {
  constructor(file: string, whole: string, help: string | null = null) {
    // It may quote a name from the file, of any length.
    const message = whole.length > longestMessage ? `${whole.slice(0, longestMessage)}...` : whole;
    super({ subject: file, message, help });
  }
}

const longestMessage = 1000;
