import { ProblemError } from "../../text/index.ts";

/** Why an install stopped, and what to do about it. */
export class SetupError extends ProblemError {
  constructor(message: string, help: string) {
    super({ subject: "", message, help });
  }
}
