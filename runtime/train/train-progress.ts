import { at } from "../at.ts";
import { printDuration } from "../text/index.ts";

/** Where a training is, for a line about it. */
export interface TrainingProgress {
  /** Steps that are done, and how many there will be. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** Metrics by their names, and as `loss/contrastive` each loss where there are several. */
  readonly metrics: ReadonlyMap<string, number>;
  /** Seconds of a step in the middle of the last ones; null while too few are done to say. */
  readonly stepSeconds: number | null;
  readonly batch: number;
  /** Memory of this process. */
  readonly residentBytes: number;
}

/** Steps that are looked back on: enough that a slow one does not count, few enough that a change is seen. */
const window = 31;

/** Of fewer steps the middle may be the first, in which the backend still prepares its graph. */
const fewest = 3;

/** How long steps take, in the middle, so that a slow first one or a checkpoint now and then does not mislead. */
export class StepClock {
  private readonly last: number[] = [];

  add(seconds: number): void {
    this.last.push(seconds);
    if (this.last.length > window) this.last.shift();
  }

  /** The median of the last steps in seconds; null while there are too few. */
  stepSeconds(): number | null {
    if (this.last.length < fewest) return null;
    const sorted = this.last.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    return (at(sorted, Math.ceil(middle) - 1) + at(sorted, Math.floor(middle))) / 2;
  }
}

/** Characters of a line, so that it can be written over in a terminal of 80 columns. */
const width = 79;

/**
 * A line that fits a terminal of 80 columns, so that it can be written over: the step of how many, the loss, seconds a
 * step, examples a second, the time that is left, the memory of this process, and the metrics for which there is room, such as
 * `step 120/2400, loss 0.6931, 1.25 s/step, 6.40/s, 48 min left, 2.1 GiB`.
 */
export function describeProgress(progress: TrainingProgress): string {
  const { step, steps, loss, metrics, stepSeconds, batch, residentBytes } = progress;
  const speed =
    stepSeconds === null
      ? []
      : [
          `${significant(stepSeconds)} s/step`,
          `${significant(batch / stepSeconds)}/s`,
          `${printDuration((steps - step) * stepSeconds)} left`,
        ];
  const before = [`step ${step}/${steps}`, `loss ${loss.toPrecision(4)}`];
  const after = [...speed, `${(residentBytes / 2 ** 30).toFixed(1)} GiB`];
  let measured: readonly string[] = [];
  for (const [name, value] of metrics) {
    const more = [...measured, `${name.replace("loss/", "")} ${value.toPrecision(3)}`];
    if ([...before, ...more, ...after].join(", ").length <= width) measured = more;
  }
  return [...before, ...measured, ...after].join(", ");
}

/** Three digits, which is what a measured time is worth; more only before the point. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
