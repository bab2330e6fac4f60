import { type PrintedEpoch, sharesOf } from "../../printout/index.ts";
import type { SweepEntry } from "../../sweep/index.ts";
import { printDuration } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";
import { dataKey, type SweepData } from "./data.ts";

/** The numbers of an epoch that add up over several. */
type Parts = Omit<PrintedEpoch, "volumes" | "heldOut">;

const nothing: Parts = {
  ...{ stepSeconds: 0, gatherSeconds: 0, evaluationSeconds: 0, saveSeconds: 0 },
  ...{ decodeSeconds: 0, readSeconds: 0, seconds: 0 },
};

/**
 * Reports what all runs of a sweep are expected to take, where rates are known of the machine that runs them: those that run at once
 * share it.
 */
export function reportTimes(
  entries: readonly SweepEntry[],
  data: ReadonlyMap<string, SweepData>,
  runsOf: (entry: SweepEntry) => number,
  { machine }: { readonly machine: string | null },
  reporter: Reporter,
): void {
  let all = nothing;
  let heldOut: number | null = null;
  let volumes = 0;
  for (const entry of entries) {
    const found = data.get(dataKey(entry));
    if (found === undefined) {
      reporter.note("how long the runs should take is unknown: the data set is not on this machine");
      return;
    }
    const { toTrainOn } = found;
    const epoch = entry.epochWith({ volumes: toTrainOn, heldOut: found.heldOut });
    if (epoch === null) return;
    const stepsOfEpoch = Math.max(1, Math.floor(toTrainOn / entry.plan.batch));
    all = sum(all, epoch, (runsOf(entry) * entry.stepsWith(toTrainOn)) / stepsOfEpoch);
    volumes = Math.max(volumes, toTrainOn);
    heldOut = found.heldOut === null ? heldOut : Math.max(heldOut ?? 0, found.heldOut);
  }
  const where = machine === null ? "" : `, by the rates in ${machine}`;
  const shares = sharesOf({ ...all, volumes, heldOut }, false).join(", ");
  reporter.info(`all runs should take ${printDuration(all.seconds)} one after the other${where}: ${shares}`);
}

function sum(all: Parts, more: Parts, times: number): Parts {
  const known = (part: keyof Parts): number => (all[part] ?? 0) + times * (more[part] ?? 0);
  const maybe = (part: keyof Parts): number | null => (all[part] === null || more[part] === null ? null : known(part));
  return {
    stepSeconds: known("stepSeconds"),
    gatherSeconds: maybe("gatherSeconds"),
    evaluationSeconds: known("evaluationSeconds"),
    saveSeconds: maybe("saveSeconds"),
    decodeSeconds: maybe("decodeSeconds"),
    readSeconds: maybe("readSeconds"),
    seconds: known("seconds"),
  };
}
