import { mostVolumes, type Planted, planted, type Split, writeDataset } from "../../data/synth/index.ts";
import { problemOf } from "../../machine/index.ts";
import { done, type Ended, misused, problem, type Reporter, refuse } from "../reporter.ts";

export interface DataSynthRequest {
  readonly folder: string;
  /** Volumes with reports to train on. */
  readonly pairs: number;
  /** Volumes with reports that are held out; null for a third of the pairs, and at least 24. */
  readonly valid: number | null;
  readonly seed: number;
}

/** A made-up data set: how many volumes it has in each split, and what was written unless it was there before. */
export interface DataSynth {
  readonly pairs: number;
  readonly valid: number;
  readonly written: { readonly bytes: number; readonly planted: readonly PlantedCount[] } | null;
}

/** In how many volumes of each split a finding is. */
export interface PlantedCount {
  readonly name: Planted;
  readonly counts: Readonly<Record<Split, number>>;
}

/** Makes a small data set in CT-RATE's layout, to try a spec on. */
export function synthesize(request: DataSynthRequest, reporter: Reporter): Ended<DataSynth> {
  const { folder, pairs, seed } = request;
  const valid = request.valid ?? Math.max(24, Math.ceil(pairs / 3));
  const most = Math.max(pairs, valid);
  if (most > mostVolumes) {
    reporter.problem(problem(`${most} volumes are too many`, `the maximum is ${mostVolumes}`));
    return misused;
  }
  try {
    const made = writeDataset(folder, { pairs, valid, seed }, (volume, of) =>
      reporter.progress(`volume ${volume} of ${of}`),
    );
    switch (made.kind) {
      case "foreign": {
        const message = `${folder} is not empty, and its contents are not from \`medctc data synth\``;
        return refuse(problem(message, "choose a folder that is empty or does not exist"), reporter);
      }
      case "there":
        return done({ pairs, valid, written: null });
      case "written": {
        const countOf = (split: Split, name: Planted): number =>
          made.patients[split].filter(({ findings }) => findings.present.has(name)).length;
        const counts = planted.map((name) => ({
          name,
          counts: { train: countOf("train", name), valid: countOf("valid", name) },
        }));
        return done({ pairs, valid, written: { bytes: made.bytes, planted: counts } });
      }
    }
  } catch (error) {
    return refuse(problemOf(error, folder), reporter);
  } finally {
    reporter.progressEnd();
  }
}
