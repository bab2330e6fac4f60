import type { CaseMaterials, NamedEvaluation } from "../../runtime/app/evaluate/comparison-page.ts";
import { at } from "../../runtime/at.ts";
import { encodePng } from "../../runtime/data/index.ts";
import { evaluateScores, groupBy, type KeptScores, type ThresholdPolicy } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";

export interface SampleSettings {
  readonly classes?: readonly string[];
  readonly labels?: readonly string[];
  readonly volumes?: number;
  readonly resamples?: number;
  /** Of each run how far scores of what is there are above the others, in hundredths. */
  readonly lifts?: readonly number[];
  readonly threshold?: ThresholdPolicy;
  /** Whether nearly all scores differ, instead of a hundred different ones. */
  readonly isFine?: boolean;
}

/** Evaluated runs on the same volumes. */
export function namedRuns(settings: SampleSettings = {}): readonly NamedEvaluation[] {
  const labels = settings.labels ?? twoLabels;
  return scoredRuns(settings).map((scores, run) => {
    return { label: at(labels, run), evaluation: evaluateScores(scores), scores, warnings: [] };
  });
}

const twoLabels = ["base", "adapted"];

/** Runs on the same volumes, two of each patient; the last class never occurs, and some labels are missing. */
export function scoredRuns({
  classes = ["Effusion", "Nodule", "Never"],
  labels: names = twoLabels,
  volumes = 60,
  resamples = 60,
  lifts = [10, 60, 30],
  isFine = false,
  threshold = { kind: "fixed", value: 0.5 },
}: SampleSettings = {}): readonly KeptScores[] {
  const random = new Random(7);
  const labels = Array.from({ length: volumes }, () =>
    classes.map((_, index) => (random.below(12) === 0 ? null : index < classes.length - 1 && random.below(3) === 0)),
  );
  const volumeNames = labels.map((_, index) => `valid_${1 + (index >> 1)}_a_${1 + (index % 2)}.nii.gz`);
  return names.map((_, run) => {
    const lift = lifts[run % lifts.length] ?? 0;
    const scores = labels.map((row) =>
      row.map(
        (known) => (random.below(isFine ? 1e6 : 100) / (isFine ? 1e4 : 1) + (known === true ? lift : 0)) / (100 + lift),
      ),
    );
    const groups = groupBy(
      "patient",
      volumeNames.map((name) => name.replace(/_a_.*/, "")),
    );
    return { classes, names: volumeNames, scores, labels, groups, threshold, bootstrap: { resamples, seed: 2 } };
  });
}

/** Slices and a report of each volume. */
export function sampleCases(runs: readonly NamedEvaluation[]): CaseMaterials {
  const pixels = Uint8Array.from({ length: 24 * 24 }, (_, place) => (place * 7) % 256);
  const png = encodePng({ width: 24, height: 24, pixels });
  const pictures = ["axial", "coronal", "sagittal"].map((title) => ({ title, png, width: 24, height: 24 }));
  const names = at(runs, 0).scores.names;
  return new Map(
    names.map((name) => [name, { pictures: [{ title: "", pictures }], text: `Findings of ${name}.\nNo effusion.` }]),
  );
}
