import { at } from "../../at.ts";
import type { Groups } from "../groups.ts";
import type { Metric } from "../results.ts";
import { labelSets, meanOverlaps, type NearestOverlaps, nearestOverlaps } from "./overlaps.ts";
import type { UnitRows } from "./similarities.ts";
import { type MetricOf, meanOf } from "./weighted.ts";

/**
 * Each image with a finding looks among the images with a finding, those of its own patient left out, for those that have its findings.
 * Among equal cosines the images with less in common come first.
 */
export interface SimilarEvaluation {
  /** Images with a finding. */
  readonly images: number;
  readonly map: readonly MapAt[];
}

/**
 * CT-CLIP's MAP at K: the mean over queries of the mean overlap with the first `k` images. The overlap of two images is the number of
 * findings that they share by that of the findings that either has (Jaccard's index), among the classes that are known of both.
 */
export interface MapAt {
  readonly k: number;
  readonly map: Metric;
  /** What a random order gives. */
  readonly chance: number | null;
  /**
   * What CT-CLIP's volume_to_volume_new.py prints, for comparison with published numbers; null where labels are missing. There an
   * image finds itself first, and other volumes of its scan; one without a finding looks too, and finds 0 whatever it finds; and what is
   * printed for a `k` is the mean of the numbers of this `k` and of those before it in the list, since one list collects them all.
   */
  readonly published: number | null;
}

export function evaluateSimilar(
  images: UnitRows,
  labels: readonly (readonly (boolean | null)[])[],
  patients: Groups,
  mapAt: readonly number[],
  metric: MetricOf,
): SimilarEvaluation {
  const sets = labelSets(labels);
  const { hasFinding } = sets;
  const { others, all } = nearestOverlaps(images, sets, patients, Math.max(0, ...mapAt));
  const ofQueries = (value: (image: number) => number | null) =>
    meanOf(Array.from(hasFinding, (has, image) => (has === 1 ? value(image) : null)));

  const withFinding = hasFinding.filter((has) => has === 1).length;
  const least = withFinding - mostOfOnePatient(hasFinding, patients);
  const means = meanOverlaps(sets, patients);
  const ones = new Int32Array(hasFinding.length).fill(1);
  const chance = ofQueries((image) => at(means, image))(ones);
  const isPublished = withFinding > 0 && labels.every((row) => !row.includes(null));
  let sum = 0;
  return {
    images: withFinding,
    map: mapAt.map((k, index) => {
      const tooFew = `some images have only ${least} others with a finding to look among`;
      const none =
        labels[0]?.length === 0 ? "there are no classes" : withFinding === 0 ? "no image has a finding" : null;
      const why = none ?? (k > least ? tooFew : null);
      sum += meanOf(Float64Array.from(hasFinding, (_, image) => meanOfFirst(all, image, k) ?? 0))(ones) ?? 0;
      return {
        k,
        map: metric(
          why,
          ofQueries((image) => meanOfFirst(others, image, k)),
        ),
        chance: why === null ? chance : null,
        published: isPublished ? sum / (index + 1) : null,
      };
    }),
  };
}

function mostOfOnePatient(hasFinding: Uint8Array, patients: Groups): number {
  const counts = new Int32Array(patients.count);
  for (const [image, has] of hasFinding.entries()) {
    const patient = at(patients.of, image);
    counts[patient] = at(counts, patient) + has;
  }
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** Of fewer than `k`, of all of them; null where there is none. */
function meanOfFirst({ overlaps, found, reach }: NearestOverlaps, query: number, k: number): number | null {
  const count = Math.min(k, at(found, query));
  if (count === 0) return null;
  let sum = 0;
  for (let place = 0; place < count; place++) sum += at(overlaps, query * reach + place);
  return sum / count;
}
