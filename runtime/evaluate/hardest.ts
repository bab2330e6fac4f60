import { at } from "../at.ts";

/** What one run got most wrong. */
export interface HardVolume {
  /** Its place among the volumes. */
  readonly volume: number;
  /** Classes by their places, the largest loss first. */
  readonly classes: readonly { readonly place: number; readonly label: boolean; readonly loss: number }[];
}

/** A score of exactly 0 or 1 that is wrong has an infinite loss, which is shown as that of the nearest score of 32 bits. */
const nearest = 2 ** -24;

/**
 * The volumes with the largest loss of any class: the cross-entropy −ln s of the score where the class is present, −ln (1 − s) where it is
 * absent. Of each volume at most so many classes that the score is on the wrong side of one half for, or its worst one. Volumes of
 * one loss stand in the order of the data set. Scores are from 0 to 1; cells without a label are left out.
 */
export function hardestVolumes(
  scores: readonly ArrayLike<number>[],
  labels: readonly (readonly (boolean | null)[])[],
  { volumes, classes }: { readonly volumes: number; readonly classes: number },
): readonly HardVolume[] {
  const found = labels.flatMap((known, volume): readonly HardVolume[] => {
    const cells = known.flatMap((label, place) => {
      if (label === null) return [];
      const score = at(at(scores, volume), place);
      return [{ place, label, loss: -Math.log(Math.max(label ? score : 1 - score, nearest)) }];
    });
    const sorted = cells.sort((a, b) => b.loss - a.loss);
    const wrong = sorted.filter(({ loss }, rank) => rank === 0 || loss > Math.LN2);
    return sorted.length === 0 ? [] : [{ volume, classes: wrong.slice(0, classes) }];
  });
  return found.sort((a, b) => at(b.classes, 0).loss - at(a.classes, 0).loss).slice(0, volumes);
}

/** Whether scores are chances, of which a loss can be made: all from 0 to 1. */
export function areChances(
  scores: readonly ArrayLike<number>[],
  labels: readonly (readonly (boolean | null)[])[],
): boolean {
  return scores.every((row, volume) =>
    at(labels, volume).every((label, place) => {
      const score = row[place] ?? Number.NaN;
      return label === null || (score >= 0 && score <= 1);
    }),
  );
}
