import { type LoraMatrices, type MethodName, measuredSvdRate, methods, svdWork } from "../../adapters/index.ts";
import { printDuration } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";

type Shape = Pick<LoraMatrices, "outputs" | "inputs" | "groups">;

/** What tells how long decompositions take. */
export interface Pace {
  readonly now: () => number;
  /** Multiplications a second, measured when it is asked for. */
  readonly rate: () => number;
}

const machinePace: Pace = { now: () => performance.now(), rate: measuredSvdRate };

/** Multiplications below which no machine takes long, so that none is measured. */
const shortWork = 5e9;
/** What takes longer is said beforehand. */
const longSeconds = 10;

/**
 * Says which module is combined; where whole updates are decomposed, also how long that takes: in a note before it starts where it is long,
 * and what is left of it at each module.
 */
export function combiningProgress(
  method: MethodName,
  shapes: readonly Shape[],
  reporter: Pick<Reporter, "note" | "progress">,
  pace: Pace = machinePace,
): (place: number) => void {
  const counted = (place: number): string => `combining ${place + 1} of ${shapes.length} modules`;
  const works = shapes.map(svdWork);
  const sumUpTo = (end: number): number => works.slice(0, end).reduce((sum, work) => sum + work, 0);
  const all = sumUpTo(works.length);
  if (methods[method].on !== "updates" || all < shortWork) return (place) => reporter.progress(counted(place));
  const estimate = all / pace.rate();
  if (estimate >= longSeconds) {
    const { outputs, inputs } = shapes.reduce((most, each) => (svdWork(each) > svdWork(most) ? each : most));
    reporter.note(
      `${method} decomposes whole updates, the largest of ${outputs} x ${inputs}: about ${printDuration(estimate)}; ` +
        `--method ${method.replace(/_svd$/, "")} combines both matrices instead`,
    );
  }
  const start = pace.now();
  return (place) => {
    const made = sumUpTo(place);
    const left = made === 0 ? estimate : (((pace.now() - start) / 1000) * (all - made)) / made;
    reporter.progress(`${counted(place)}, ${printDuration(left)} left`);
  };
}
