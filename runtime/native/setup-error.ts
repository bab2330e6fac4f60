/** Why an install stopped, and what to do about it. */
export class SetupError extends Error {
  readonly help: string;

  constructor(problem: string, help: string) {
    super(problem);
    this.help = help;
  }
}
