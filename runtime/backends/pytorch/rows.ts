import type { StepInputs } from "../engine.ts";
import type { ModelInputs } from "./tensors.ts";
import type { RowsAnswer, RowsRequest } from "./workers.ts";

/** Which step it is, of how many rows. */
interface RowsOfStep {
  readonly step: number;
  readonly batch: number;
  readonly isStopped: () => boolean;
}

/** The rows of one step, which workers ask for. */
export class StepRows {
  private readonly given: StepInputs;
  private readonly inputs: ModelInputs;
  private readonly of: RowsOfStep;
  /** Why rows could not be given: a file that cannot be read, or numbers beyond their limits. */
  private problem: Error | null = null;

  constructor(given: StepInputs, inputs: ModelInputs, of: RowsOfStep) {
    this.given = given;
    this.inputs = inputs;
    this.of = of;
  }

  async answer({ step, from, count }: RowsRequest): Promise<RowsAnswer> {
    if (step !== this.of.step || from + count > this.of.batch)
      return stop(`rows ${from} to ${from + count} of step ${step} are not in this step`);
    if (this.problem !== null) return stop(this.problem.message);
    if (this.of.isStopped()) return stop("the training is stopped");
    try {
      const { rows, shared } = this.given;
      return { kind: "rows", tensors: this.inputs.tensorsOf(new Map([...(await rows(from, count)), ...shared])) };
    } catch (error) {
      this.problem ??= asError(error);
      return stop(this.problem.message);
    }
  }

  /** Throws why rows could not be given. */
  throwProblem(): void {
    if (this.problem !== null) throw this.problem;
  }
}

/** The rows of steps that another machine makes, one after the other. */
export class FollowedRows {
  private readonly inputsAt: (step: number) => StepInputs;
  private readonly inputs: ModelInputs;
  private current: { readonly step: number; readonly rows: StepRows } | null = null;
  private problem: Error | null = null;

  constructor(inputsAt: (step: number) => StepInputs, inputs: ModelInputs) {
    this.inputsAt = inputsAt;
    this.inputs = inputs;
  }

  async answer(request: RowsRequest): Promise<RowsAnswer> {
    const { step } = request;
    try {
      if (this.current?.step !== step) {
        const of = { step, batch: Number.POSITIVE_INFINITY, isStopped: () => false };
        this.current = { step, rows: new StepRows(this.inputsAt(step), this.inputs, of) };
      }
    } catch (error) {
      this.problem ??= asError(error);
      return stop(this.problem.message);
    }
    return await this.current.rows.answer(request);
  }

  throwProblem(): void {
    if (this.problem !== null) throw this.problem;
    this.current?.rows.throwProblem();
  }
}

function stop(reason: string): RowsAnswer {
  return { kind: "stop", reason };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
