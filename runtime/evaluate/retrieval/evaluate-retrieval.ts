import { type BootstrapSettings, intervalOf, resample } from "../bootstrap.ts";
import { eachByItself, type Groups } from "../groups.ts";
import { type Bootstrap, defaultBootstrap } from "../results.ts";
import { evaluateFound, type FoundEvaluation } from "./found.ts";
import { ranksOf } from "./ranks.ts";
import { evaluateSimilar, type SimilarEvaluation } from "./similar.ts";
import { unitRows } from "./similarities.ts";
import type { MetricOf } from "./weighted.ts";

/** Examples that look for each other. */
export interface RetrievalExamples {
  /** [examples][width] each; compared by their cosines. */
  readonly images: readonly Float32Array[];
  readonly reports: readonly Float32Array[];
  /** The reports themselves: examples of equal texts have one report. Each has its own where nothing is said. */
  readonly texts?: readonly string[];
  /** [examples][classes]: whether the example has the class; null where that is not known. */
  readonly labels: readonly (readonly (boolean | null)[])[];
  /** Drawn together in resamples. Each by itself where nothing is said. */
  readonly groups?: Groups;
  /** Images do not look among those of their own patient. As `groups` where nothing is said. */
  readonly patients?: Groups;
}

export interface RetrievalSettings {
  /** Among so many, whether a right answer is there. Whole numbers from 1. */
  readonly recallAt: readonly number[];
  /** Among so many of the nearest images, how alike their labels are. Whole numbers from 1. */
  readonly mapAt: readonly number[];
  /** 1,000 resamples where nothing is said; null for no intervals. */
  readonly bootstrap?: BootstrapSettings | null;
}

/** How well latents find each other, in plain numbers, which JSON keeps as they are. */
export interface RetrievalEvaluation {
  readonly examples: number;
  /** Different reports. */
  readonly reports: number;
  /** Null where no intervals were asked for. */
  readonly bootstrap: Bootstrap | null;
  /** Each report looks among all images for one that it is of, each image among all reports for its own, and among other images. */
  readonly reportToImage: FoundEvaluation;
  readonly imageToReport: FoundEvaluation;
  readonly imageToImage: SimilarEvaluation;
}

/**
 * Retrieval between images and reports and among images. A resample draws queries, by groups; what they look among stays all examples.
 * Latents are compared in 64 bits, and never more than a tile of their similarities is in memory. The order of examples changes
 * no bit of any number, nor of an interval where groups are numbered by name.
 *
 * Throws when latents, labels, texts and groups do not belong to each other in number, or latents differ in width.
 */
export function evaluateRetrieval(retrieved: RetrievalExamples, settings: RetrievalSettings): RetrievalEvaluation {
  const { images, reports, labels } = retrieved;
  const { recallAt, mapAt, bootstrap = defaultBootstrap } = settings;
  const examples = images.length;
  const { groups = eachByItself(examples) } = retrieved;
  const { patients = groups } = retrieved;
  const same = sameReports(retrieved.texts ?? [...images.keys()]);
  const sizes = [reports.length, labels.length, same.length, groups.of.length, patients.of.length];
  if (sizes.some((size) => size !== examples))
    throw new Error("each example needs two latents, labels, a text and a group");

  const none = examples === 0 ? "there are no examples" : null;
  const broken = none ?? whyBroken(images, "images") ?? whyBroken(reports, "reports");
  // One seed gives each number the same draws.
  const metric: MetricOf = (why, of) => {
    const reason = broken ?? why;
    if (reason !== null) return { value: null, why: reason };
    const value = of(new Int32Array(examples).fill(1));
    if (value === null) throw new Error("invariant: what has no value says why");
    return { value, interval: bootstrap === null ? null : intervalOf(resample(groups, bootstrap, of)) };
  };
  // Latents that are not finite are compared with nothing.
  const imageRows = unitRows(broken === null ? images : []);
  const reportRows = unitRows(broken === null ? reports : []);
  const compared = broken === null ? same : new Int32Array();
  const { reportToImage, imageToReport } = ranksOf(reportRows, imageRows, compared);
  return {
    examples,
    reports: new Set(same).size,
    bootstrap: bootstrap && { ...bootstrap, by: groups.by, groups: groups.count },
    reportToImage: evaluateFound(reportToImage, compared, recallAt, metric),
    imageToReport: evaluateFound(imageToReport, compared, recallAt, metric),
    imageToImage: evaluateSimilar(imageRows, broken === null ? labels : [], patients, mapAt, metric),
  };
}

/** For each example the number of its report. */
function sameReports(texts: readonly (string | number)[]): Int32Array {
  const numbers = new Map<string | number, number>();
  for (const text of texts) if (!numbers.has(text)) numbers.set(text, numbers.size);
  return Int32Array.from(texts, (text) => numbers.get(text) ?? 0);
}

function whyBroken(latents: readonly Float32Array[], what: string): string | null {
  const count = latents.filter((latent) => !latent.every(Number.isFinite)).length;
  return count === 0 ? null : `latents of ${count} of ${latents.length} ${what} are not finite numbers`;
}
