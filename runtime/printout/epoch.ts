import { printBytes, printSeconds } from "../../compiler/index.ts";
import { printCount, printDuration } from "../text/index.ts";

/** The examples of a data set: those that are trained on, and those that are held out; null where nobody says how many. */
export interface ExampleCounts {
  readonly volumes: number;
  readonly heldOut: number | null;
}

/**
 * An epoch of training, with its evaluations where the number of held-out examples is known. What nobody measured is null, and counts as
 * nothing in the whole.
 */
export interface PrintedEpoch extends ExampleCounts {
  readonly stepSeconds: number;
  /** Of what processes wait for each other's gradients and rows. */
  readonly gatherSeconds: number | null;
  /** Of encoding what is held out, as often in an epoch as the spec evaluates. */
  readonly evaluationSeconds: number;
  readonly saveSeconds: number | null;
  /** Of the threads that decode and preprocess, beside steps; none of it where volumes are cached. */
  readonly decodeSeconds: number | null;
  /** Of the disk, beside steps too. */
  readonly readSeconds: number | null;
  readonly seconds: number;
}

/** What a step is expected to take, and an epoch. */
export interface PrintedTime {
  readonly title: string;
  readonly seconds: number;
  /** The day on which the rates were measured, and the machine where, in words; null for this one. */
  readonly measured: string;
  readonly machine: string | null;
  readonly share: PrintedShare | null;
  readonly epoch: PrintedEpoch | null;
}

/** What each of several processes has of a step. */
export interface PrintedShare {
  readonly processes: number;
  readonly rows: number;
  readonly sumBytes: number;
  readonly gatherBytes: number;
  readonly exchangeSeconds: number | null;
  readonly peakBytes: number;
}

/** The expected times of a step and of an epoch, by backends. */
export function renderTimes(times: readonly PrintedTime[]): string {
  return times.map((time) => `${renderStep(time)}${renderEpoch(time)}`).join("");
}

/** Where something should take a time. */
function placeOf({ machine, share }: Pick<PrintedTime, "machine" | "share">): string {
  const processes = share === null ? "" : `in ${share.processes} processes `;
  return machine === null ? `${processes}here` : `${processes}on another machine`;
}

/** What rates a time follows from. */
export function ratesOf({ measured, machine }: Pick<PrintedTime, "machine" | "measured">): string {
  return machine === null ? `rates of ${measured}` : `rates of ${machine} of ${measured}`;
}

function renderStep(time: PrintedTime): string {
  const { title, seconds, share } = time;
  const step = `a step takes about ${printSeconds(seconds)} ${placeOf(time)} (${title}, ${ratesOf(time)})\n`;
  if (share === null) return step;
  const { rows, sumBytes, gatherBytes, exchangeSeconds, peakBytes } = share;
  const what = `gradients of ${printBytes(sumBytes)} and rows of ${printBytes(gatherBytes)}`;
  const gathering = exchangeSeconds === null ? "in an unknown time" : `in ${printSeconds(exchangeSeconds)}`;
  return `${step}each process has ${printCount(rows)} ${rows === 1 ? "row" : "rows"} and about ${printBytes(peakBytes)} at most, and gathers ${what} ${gathering}\n`;
}

function renderEpoch({ share, epoch }: PrintedTime): string {
  if (epoch === null) return "";
  const parts = sharesOf(epoch, share !== null).join(", ");
  return `an epoch of ${printCount(epoch.volumes)} examples takes about ${printDuration(epoch.seconds)}: ${parts}\n`;
}

/** The parts of an epoch in words. Reading goes on beside the others, so that shares are of the work. */
export function sharesOf(epoch: PrintedEpoch, isShared: boolean): readonly string[] {
  const { heldOut, stepSeconds, gatherSeconds, evaluationSeconds, saveSeconds, decodeSeconds, readSeconds } = epoch;
  const others = [gatherSeconds, saveSeconds, decodeSeconds, readSeconds];
  const total = others.reduce<number>((sum, each) => sum + (each ?? 0), stepSeconds + evaluationSeconds);
  const share = (of: number | null, what: string, unknown: string): string =>
    of === null
      ? `what ${unknown} takes is unknown`
      : `${printDuration(of)} (${Math.round((100 * of) / (total || 1))} %) for ${what}`;
  return [
    share(stepSeconds, "steps", "a step"),
    ...(isShared ? [share(gatherSeconds, "gathering", "gathering")] : []),
    heldOut === null
      ? "evaluations not counted"
      : share(evaluationSeconds, `evaluation on ${printCount(heldOut)}`, "an evaluation"),
    share(saveSeconds, "saving", "saving"),
    share(decodeSeconds, "decoding beside", "decoding"),
    share(readSeconds, "reading beside", "reading"),
  ];
}
